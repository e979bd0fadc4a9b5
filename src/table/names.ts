/**
 * Names that stand beside those of a user's columns: each as it is wanted where it is free, else with as many `_` behind
 * it as it takes. The user's names never change, and the same names always give the same result.
 */
export function freeNames(wanted: readonly string[], columns: readonly string[]): string[] {
  const theirs = new Set(columns);
  const taken = new Set([...columns, ...wanted]);
  return wanted.map((name) => {
    if (!theirs.has(name)) return name;
    let free = name;
    while (taken.has(free)) free += '_';
    taken.add(free);
    return free;
  });
}

/** Those of the wanted names that `freeNames` changes, with what they are changed to. */
export function renamed(wanted: readonly string[], columns: readonly string[]): Record<string, string> {
  const found = freeNames(wanted, columns);
  return Object.fromEntries(
    wanted.flatMap((name, i) => (found[i] === name ? [] : [[name, found[i]!] as const])),
  );
}
