// Reproduces published figures: `npm run reproduce -- <row>`. What there is: `npm run reproduce -- --list`.
//
//   npm run reproduce -- keras-blog-simple             trains as published, prints ours beside theirs
//   npm run reproduce -- iwae-1l-5 --epochs 40         fewer epochs: marked as shortened
//   npm run reproduce -- --page                        only writes docs/results.md from the records
import { parseArgs } from 'node:util';
import { UserError } from 'autoencoder';
import { readRecords, storeRecord, writePage } from './records.mjs';
import { resultsPage } from './results.mjs';
import { groups, rows } from './rows/index.mjs';
import { publishedEpochs, reproduce } from './run.mjs';

function positive(text, name) {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new UserError(`--${name} ${text}: expected a whole number above 0`);
}

function list() {
  const width = Math.max(...Object.keys(rows).map((name) => name.length));
  for (const { title, rows: some } of groups) {
    console.log(`${title}:`);
    for (const [name, row] of Object.entries(some)) {
      console.log(`  ${name.padEnd(width)}  ${publishedEpochs(row)} epochs; ${row.settings}`);
    }
  }
}

const format = (value) => (typeof value === 'number' ? value.toFixed(Math.abs(value) < 1 ? 4 : 2) : value);

function parse() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        list: { type: 'boolean' },
        page: { type: 'boolean' },
        epochs: { type: 'string' },
        'importance-samples': { type: 'string' },
        seed: { type: 'string', default: '0' },
      },
    });
  } catch (error) {
    throw new UserError(error.message);
  }
}

async function main() {
  const { values, positionals } = parse();
  if (values.list) return list();
  const page = () => writePage(resultsPage(groups, readRecords()));
  if (values.page) return console.log(`wrote ${page()}`);
  const [name, ...more] = positionals;
  const names = Object.keys(rows).join(', ');
  if (name === undefined || more.length > 0) {
    throw new UserError(`name one row: npm run reproduce -- <row>; there are ${names}`);
  }
  if (!Object.hasOwn(rows, name)) throw new UserError(`there is no row '${name}'; there are ${names}`);
  const seed = Number(values.seed);
  if (!Number.isSafeInteger(seed)) throw new UserError(`--seed ${values.seed}: expected a whole number`);
  const all = publishedEpochs(rows[name]);
  const epochs = Math.min(positive(values.epochs, 'epochs') ?? all, all);
  const record = await reproduce(name, rows[name], {
    ...{ epochs, seed, importanceSamples: positive(values['importance-samples'], 'importance-samples') },
    report: ({ epoch, loss, validationLoss, seconds }) =>
      console.error(
        `epoch ${epoch}/${epochs}  loss ${format(loss)}${validationLoss === undefined ? '' : `  validation ${format(validationLoss)}`}  ${seconds.toFixed(1)} s`,
      ),
  });
  console.log(`${name}${epochs < all ? ` (shortened: ${epochs} of ${all} epochs)` : ''}`);
  for (const { name: figure, ours, published, reference } of record.figures) {
    const beside = reference === undefined ? '' : ` (reference ${format(reference)})`;
    console.log(`  ${figure}: ours ${format(ours)}, published ${format(published)}${beside}`);
  }
  for (const note of record.notes) console.log(`  ${note}`);
  if (storeRecord(record)) console.log(`wrote ${page()}`);
  else console.log('not stored: there is a record of a longer training with this seed');
}

try {
  await main();
} catch (error) {
  if (!(error instanceof UserError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
