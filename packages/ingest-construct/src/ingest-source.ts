import type { HttpSourceProps } from './http-source';
import { bindHttp } from './private/bind-http';
import type { BoundSource, SourceBinding } from './private/source-binding';

/** Where the bytes of a dataset come from. What they are stands in the data contract. */
export abstract class IngestSource {
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

class PropsSource extends IngestSource {
  constructor(private readonly bind: (binding: SourceBinding) => BoundSource) {
    super();
  }

  /** @internal */
  _bind(binding: SourceBinding): BoundSource {
    return this.bind(binding);
  }
}
