import { colours, font, type Sheet } from './canvas.js';

/** How a line of text is written; 13 pixels high and to the right of its place by default. */
export interface TextStyle {
  readonly colour?: string;
  readonly align?: 'left' | 'right' | 'center';
  readonly size?: number;
}

/** Writes a line of text whose middle is at the height `y`. */
export function write({ context }: Sheet, words: string, x: number, y: number, style: TextStyle = {}): void {
  context.font = font(style.size ?? 13);
  context.fillStyle = style.colour ?? colours.text;
  context.textAlign = style.align ?? 'left';
  context.textBaseline = 'middle';
  context.fillText(words, x, y);
}

/** The words, or as many of their letters as there is room for, in pixels, and `…`. */
export function fitted({ context }: Sheet, words: string, room: number, size = 13): string {
  context.font = font(size);
  if (context.measureText(words).width <= room) return words;
  const letters = [...words];
  const cut = (count: number) => `${letters.slice(0, count).join('')}…`;
  let [low, high] = [0, letters.length];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (context.measureText(cut(middle)).width <= room) low = middle;
    else high = middle - 1;
  }
  return cut(low);
}
