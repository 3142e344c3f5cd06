import { readFileSync } from 'node:fs';
import type { FileAsset } from './cloud-assembly';
import type { Template } from './resource';
import { StackTemplate, type TemplateSurroundings } from './stack-template';

/** The stacks that are resources of other stacks: their templates are assets, their parameters come from the parent. */
export class NestedStacks {
  private readonly templates = new Map<string, StackTemplate>();
  private readonly roots = new Map<string, string>();

  constructor(
    private readonly files: readonly FileAsset[],
    private readonly surroundings: (stack: string, parameters: TemplateSurroundings['parameters']) => TemplateSurroundings,
  ) {}

  /** The nested stacks of a stack, at any depth. */
  of(parent: StackTemplate): StackTemplate[] {
    return parent.nestedStacks().flatMap(({ logicalId, templateUrl, parameters }) => {
      const asset = this.files.find(({ bucket, key, isFolder }) => !isFolder && templateUrl.endsWith(`${bucket}/${key}`));
      if (asset === undefined) throw new Error(`${parent.stack}: the template of nested stack ${logicalId}, ${templateUrl}, is no asset of this assembly`);
      const name = `${parent.stack}-${logicalId}`;
      this.roots.set(name, this.rootOf(parent.stack));
      const nested = new StackTemplate(name, JSON.parse(readFileSync(asset.path, 'utf8')) as Template, this.surroundings(name, parameters));
      this.templates.set(name, nested);
      return [nested, ...this.of(nested)];
    });
  }

  /** The stack that a nested one belongs to in the end; any other stack is its own. */
  rootOf(stack: string): string {
    return this.roots.get(stack) ?? stack;
  }

  output(parent: string, logicalId: string, output: string): unknown {
    const nested = this.templates.get(`${parent}-${logicalId}`);
    if (nested === undefined) throw new Error(`${parent}: ${logicalId} is no nested stack of this assembly`);
    return nested.output(output);
  }
}
