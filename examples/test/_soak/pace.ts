/** How long the cases of a loop take, and so how long what is left will. */
export class Pace {
  private began: number | undefined;
  private cases = -1;

  /** Counts one more case that begins. */
  next(now: number): void {
    this.began ??= now;
    this.cases += 1;
  }

  /** Time for so many more cases, in words. */
  left(cases: number, now: number): string {
    if (this.began === undefined || this.cases < 1) return 'an unknown time';
    const each = (now - this.began) / this.cases;
    return `some ${Math.ceil(each * cases / 60_000)} min, ${(each / 1_000).toFixed(1)} s for a case,`;
  }
}
