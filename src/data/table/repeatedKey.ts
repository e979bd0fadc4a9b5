/**
 * A key that stands twice in one of the objects of a JSON text: `JSON.parse` takes the last of its values and says nothing.
 * @param text valid JSON
 */
export function repeatedKey(text: string): string | undefined {
  const open: Set<string>[] = [];
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '{') open.push(new Set());
    else if (character === '}') open.pop();
    if (character !== '"') continue;
    const start = at++;
    while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
    let next = at + 1;
    while (/\s/.test(text.charAt(next))) next++;
    if (text[next] !== ':') continue;
    const key = JSON.parse(text.slice(start, at + 1)) as string;
    if (open.at(-1)!.has(key)) return key;
    open.at(-1)!.add(key);
  }
  return undefined;
}
