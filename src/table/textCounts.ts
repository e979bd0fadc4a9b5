/** Texts that are counted at a time. */
export const countedTexts = 10_000;

/**
 * How often each text comes: exactly, as long as there are no more than 10,000 different ones. From then on the frequent
 * ones are kept wherever they stand (Misra and Gries 1982): every text that more than one cell in 10,000 has.
 */
export class TextCounts {
  /** How often each text was counted: some that came before there was room for it may be lost. */
  readonly counts = new Map<string, number>();
  /** There were more texts than are counted. */
  overflow = false;
  /** The most cells that may be lost of any one text. */
  private lost = 0;
  /** How many may be lost of a text that was taken up late. */
  private readonly lostBefore = new Map<string, number>();

  /** @param sketched Whether counting goes on when there are too many; otherwise the first ones stay. */
  constructor(private readonly sketched: boolean) {}

  /** Whether what comes next is still counted. */
  get counting(): boolean {
    return this.sketched || !this.overflow;
  }

  add(text: string): void {
    const seen = this.counts.get(text);
    if (seen !== undefined) this.counts.set(text, seen + 1);
    else if (this.counts.size < countedTexts) {
      this.counts.set(text, 1);
      if (this.lost > 0) this.lostBefore.set(text, this.lost);
    } else {
      this.overflow = true;
      if (this.sketched) this.makeRoom();
    }
  }

  /** One cell is lost of the text that found no room, and may be of each that is let go: each of 10,000 pays for it. */
  private makeRoom(): void {
    this.lost++;
    for (const [text, count] of this.counts) {
      if (count + (this.lostBefore.get(text) ?? 0) > this.lost) continue;
      this.counts.delete(text);
      this.lostBefore.delete(text);
    }
  }
}
