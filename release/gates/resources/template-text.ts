import type { Template, TemplateResource } from '../../synth-fixtures';

/** A value of a template as text, with `${…}` for what CloudFormation fills in. */
export function render(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? '';
  const [[key, inner] = ['', undefined], ...more] = Object.entries(value);
  if (more.length === 0 && key === 'Ref') return `\${${String(inner)}}`;
  if (more.length === 0 && key === 'Fn::GetAtt') return `\${${(inner as string[]).join('.')}}`;
  if (more.length === 0 && key === 'Fn::Sub' && typeof inner === 'string') return inner;
  if (more.length === 0 && key === 'Fn::Join') {
    const [separator, parts] = inner as [string, unknown[]];
    return parts.map(render).join(separator);
  }
  return JSON.stringify(value);
}

/** Where a resource is in the app, without the stack's own name and the level that every L2 construct has: `Ingest/RawBucket`. */
export function pathOf(template: Template, logicalId: string): string {
  const place = template.Resources?.[logicalId]?.Metadata?.['aws:cdk:path'];
  return typeof place === 'string' ? place.split('/').slice(1).join('/').replace(/\/(Resource|Default)$/, '') : logicalId;
}

/** What a reference points to, by its place in the app; as text where it is not in the app. */
export function nameOf(template: Template, reference: unknown): string {
  const text = render(reference);
  const id = /^\$\{([^.}]+)/.exec(text)?.[1];
  return id !== undefined && template.Resources?.[id] !== undefined ? pathOf(template, id) : text;
}

export function subjectOf(template: Template, logicalId: string): string {
  return `${template.Resources?.[logicalId]?.Type ?? 'resource'} ${pathOf(template, logicalId)}`;
}

export function resourcesOf(template: Template): [string, TemplateResource][] {
  return Object.entries(template.Resources ?? {});
}

/** Members that are neither object nor list, by their path: `BucketEncryption.0.Algorithm`. What CloudFormation fills in is text. */
export function scalars(value: unknown, place = ''): [string, unknown][] {
  const isFilledIn = typeof value === 'object' && value !== null && Object.keys(value).length === 1 && /^(Ref|Fn::\w+)$/.test(Object.keys(value)[0] ?? '');
  if (typeof value !== 'object' || value === null) return [[place, value]];
  if (isFilledIn) return [[place, render(value)]];
  return Object.entries(value).flatMap(([key, inner]) => scalars(inner, place === '' ? key : `${place}.${key}`));
}
