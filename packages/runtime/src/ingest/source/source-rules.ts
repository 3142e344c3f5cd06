// Rules that constructs hold props against when they are synthesized, so that a mistake is not first told by a run. Bundled for them: nothing here
// may need more than itself.
export { checkHeaders } from '../http/check-headers';
export { checkTemplate } from '../http/files/url-template';
export { queryProblem } from '../sql/query-text';
