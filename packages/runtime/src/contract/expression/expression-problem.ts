/** Why an expression is refused; thrown within this folder only, and caught by `parseExpression`. */
export class ExpressionProblem extends Error {
  /**
   * @param at 0-based, in UTF-16 units of the text
   * @param found what stands there
   */
  constructor(readonly at: number, readonly found: string, message: string, readonly fix: string) {
    super(message);
  }
}
