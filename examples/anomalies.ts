// Odd rows in a table, and why they are odd: no labels are learned from.
//
//   npm run example -- anomalies                     the payments beside this file
//   npm run example -- anomalies people.csv name     a table of your own, and the column that names its rows
import { fileURLToPath } from 'node:url';
import { detector, readTable } from 'autoencoder';

const payments = fileURLToPath(new URL('../../examples/data/payments.csv', import.meta.url));
const [path = payments, id = path === payments ? 'number' : undefined] = process.argv.slice(2);
const table = await readTable(path);

// A share of 1.5 % is expected to be odd. A column named as label is not read.
const judge = detector({
  contamination: 0.015,
  ...(id !== undefined && { id }),
  ...(table.names.includes('fraud') && { label: 'fraud' }),
});
await judge.fit(table);
for (const column of judge.schema.columns) console.log(`${column.name}: ${column.type}`);

const names: string[] = [];
if (id !== undefined) {
  for await (const { columns } of table.chunks()) {
    names.push(...Array.from(columns[table.names.indexOf(id)] ?? [], String));
  }
}
/** Numbers to three digits, all else as it is. */
const short = (cell: unknown) => (typeof cell === 'number' ? Number(cell.toPrecision(3)) : cell);

const found: { row: number; score: number; reason: string }[] = [];
for await (const batch of judge.detect(table, { training: true })) {
  for (const { row, score, anomaly, reasons } of batch) {
    if (!anomaly) continue;
    const words = reasons.map(
      ({ column, given, expected }) => `${column} ${given} (expected ${short(expected)})`,
    );
    found.push({ row, score, reason: words.join(', ') });
  }
}
console.log(`\n${found.length} of ${judge.rows} rows score above ${judge.threshold.toFixed(2)}:`);
for (const { row, score, reason } of found.sort((a, b) => b.score - a.score).slice(0, 10)) {
  console.log(`${names[row] ?? row}  ${score.toFixed(2)}  ${reason}`);
}
await judge.release();
