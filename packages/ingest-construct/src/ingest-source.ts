import type { aws_iam as iam } from 'aws-cdk-lib';
import type { ContainerSourceProps } from './container-source';
import type { HttpSourceProps } from './http-source';
import { bindContainer } from './private/bind-container';
import { bindHttp } from './private/bind-http';
import type { BoundSource, SourceBinding } from './private/source-binding';

/** Where the bytes of a dataset come from. What they are stands in the data contract. */
export abstract class IngestSource {
  /**
   * Any image in any language, which reads a source and leaves files; for what has no kind of its own.
   *
   * @example
   * const orders = IngestSource.container({ image: ecs.ContainerImage.fromAsset('extractor'), parameters: { table: 'orders' } });
   */
  static container(props: ContainerSourceProps): ContainerSource {
    return new ContainerSource(props);
  }

  /** A file or endpoint behind HTTP. It is not fetched again while its ETag or Last-Modified is that of the last commit. */
  static http(props: HttpSourceProps): IngestSource {
    return new PropsSource((binding) => bindHttp(props, binding));
  }

  /**
   * The source as the run time reads it, and what it needs.
   *
   * @internal
   */
  abstract _bind(binding: SourceBinding): BoundSource;
}

/** A source that a container of yours reads. Grant its task what it needs once it is part of a stage. */
export class ContainerSource extends IngestSource implements iam.IGrantable {
  private role?: iam.IRole;
  private bound = false;

  /** @internal */
  constructor(private readonly props: ContainerSourceProps) {
    super();
  }

  /** The role of the source's task. */
  get grantPrincipal(): iam.IPrincipal {
    if (this.role === undefined) throw new Error('the source has no role before it is part of a stage; grant after new IngestStage(…) [SOURCE_UNBOUND]');
    return this.role.grantPrincipal;
  }

  /** @internal */
  _bind(binding: SourceBinding): BoundSource {
    if (this.bound) binding.problems.add(`${binding.prop} is the source of another dataset too, and each has a role of its own; make one with IngestSource.container for each`);
    this.bound = true;
    return { ...bindContainer(this.props, binding), useRole: (role) => { this.role = role; } };
  }
}

class PropsSource extends IngestSource {
  constructor(private readonly bind: (binding: SourceBinding) => BoundSource) {
    super();
  }

  /** @internal */
  _bind(binding: SourceBinding): BoundSource {
    return this.bind(binding);
  }
}
