// Writes docs/results.md from the records.

const number = (value) => value.toFixed(Math.abs(value) < 1 ? 4 : 2);

const signed = (value) => `${value > 0 ? '+' : value < 0 ? '−' : ''}${number(Math.abs(value))}`;

const count = (value) => value.toLocaleString('en');

function duration(seconds) {
  if (seconds < 100) return `${seconds.toFixed(0)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 100 ? `${minutes} min` : `${(minutes / 60).toFixed(1)} h`;
}

/** A Markdown table, its columns aligned as the project's formatter has them. */
export function table(head, lines) {
  const cells = [head, ...lines].map((line) => line.map(String));
  const widths = head.map((_, i) => Math.max(3, ...cells.map((line) => line[i].length)));
  const text = (line) => `| ${line.map((cell, i) => cell.padEnd(widths[i])).join(' | ')} |`;
  const [first, ...rest] = cells;
  return [text(first), text(widths.map((width) => '-'.repeat(width))), ...rest.map(text)].join('\n');
}

const isShortened = ({ epochs, publishedEpochs }) => epochs < publishedEpochs;

function summary(groups, records) {
  const lines = groups.flatMap(({ rows }) =>
    Object.keys(rows)
      .filter((name) => records[name])
      .map((name) => records[name][0])
      .flatMap((record) =>
        record.figures.map(({ name: figure, ours, published, reference }, i) => [
          i === 0 ? `[\`${record.row}\`](#${record.row})` : '',
          i === 0 ? (isShortened(record) ? 'shortened' : 'as published') : '',
          figure,
          number(ours),
          published + (reference === undefined ? '' : ` (${reference})`),
          typeof published === 'number' ? signed(ours - published) : '',
        ]),
      ),
  );
  return table(['row', 'schedule', 'figure', 'ours', 'published (reference)', 'difference'], lines);
}

/** About ten epochs of a curve, the first and the last among them. */
function curveTable({ curve: { columns, rows } }) {
  const shown = ['epoch', 'loss', 'validationLoss'].filter((name) => columns.includes(name));
  const chosen = new Set([rows.length]);
  for (let step = 0; step < 10; step++) chosen.add(Math.max(1, Math.round(rows.length ** (step / 9))));
  const lines = [...chosen]
    .sort((a, b) => a - b)
    .map((epoch) =>
      shown.map((name) => {
        const value = rows[epoch - 1][columns.indexOf(name)];
        return name === 'epoch' ? value : number(value);
      }),
    );
  return table(
    shown.map((name) => (name === 'validationLoss' ? 'validation loss' : name)),
    lines,
  );
}

/** The figures of all seeds side by side, as far as they have been measured alike. */
function seedTable(records) {
  const shown = ({ figures }, name) => {
    const found = figures.find((figure) => figure.name === name);
    return found === undefined ? '' : number(found.ours);
  };
  return table(
    ['figure', ...records.map(({ seed }) => `seed ${seed}`), 'published'],
    records[0].figures.map(({ name, published }) => [
      name,
      ...records.map((record) => shown(record, name)),
      published,
    ]),
  );
}

/** A value as it is written in a program. */
function literal(value) {
  if (typeof value === 'string') return `'${value}'`;
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`;
  if (typeof value !== 'object') return String(value);
  return `{ ${Object.entries(value)
    .map(([key, each]) => `${key}: ${literal(each)}`)
    .join(', ')} }`;
}

const code = (value) => `\`${literal(value)}\``;

function scheduleText({ schedule }) {
  const rate = (value) => Number(value.toPrecision(3));
  if (schedule.length === 1) return `learning rate ${rate(schedule[0][1])}`;
  return `learning rates ${schedule.map(([length, value]) => `${rate(value)} for ${count(length)}`).join(', ')} epochs`;
}

/** What was done is told from the first record, and what has been found out about it since from the row. */
function section(name, { findings = [] }, records) {
  const [record] = records;
  const { settings, seconds, machine } = record;
  const seeds = records.filter(({ epochs }) => epochs === record.epochs);
  const shortened = isShortened(record);
  const lines = [
    `### ${name}`,
    '',
    `${settings.summary}. Source: ${settings.source}.`,
    '',
    ...(shortened
      ? [
          `**Shortened**: ${count(record.epochs)} epochs in place of ${count(record.publishedEpochs)}. The figure shows how far that training comes, not what the full one reaches.`,
          '',
        ]
      : []),
    `- Data: ${settings.data}.`,
    `- Model: \`${settings.family}\` ${code(settings.options)}, ${count(settings.parameters)} weights.`,
    ...(settings.firstWeights === 'linear'
      ? [
          "- First weights: uniform between ±1 / √inputs, biases too, as PyTorch's linear layers have them, in place of those of the initializer.",
        ]
      : []),
    ...(settings.outputBias === 'mean'
      ? ['- The bias of the output starts at the logit of the mean of the training images, as in the paper.']
      : []),
    `- Training: ${count(record.epochs)} epochs, batch ${settings.batchSize}, optimizer ${code(settings.optimizer)}, ${scheduleText(settings)}; seed ${record.seed}.`,
    `- Time: training ${duration(seconds.training)}, measuring ${duration(seconds.evaluation)}, on ${record.date} (${machine.processor}, ${machine.cores} cores, Node ${machine.node}); load of the machine ${machine.load.map((value) => value.toFixed(1)).join(' at the beginning, ')} at the end.`,
    ...record.figures
      .filter(({ error }) => error !== undefined)
      .map(({ error }) => `- Standard error of the mean over test images: ${number(error)}.`),
    ...record.notes.map((note) => `- ${note.charAt(0).toUpperCase()}${note.slice(1)}.`),
    ...settings.differences.map((text) => `- Differs from the original: ${text}.`),
    ...findings.map((text) => `- ${text}`),
    '',
    ...(seeds.length > 1 ? [seedTable(seeds), ''] : []),
    ...(shortened ? [curveTable(record), ''] : []),
  ];
  return lines.join('\n');
}

/** The page, from the rows and the records of those that have been run, as `readRecords` gives them. */
export function resultsPage(groups, records) {
  const missing = groups
    .flatMap(({ rows }) => Object.keys(rows))
    .filter((name) => records[name] === undefined)
    .map((name) => `\`${name}\``);
  return `${[
    '# Results held against published ones',
    '',
    '<!-- Written by `npm run reproduce`, from the records in bench/results. Do not edit. -->',
    '',
    'Each row trains a model with the settings of a paper or of another library and measures it as they did. Losses are in',
    'nats for each image unless said otherwise; lower is better everywhere. `npm run reproduce -- <row>` runs one again,',
    '`npm run reproduce -- --list` names them.',
    '',
    'One seed each, unless the section of a row shows more, of which the table has the lowest. A difference below zero means',
    'that ours is lower. Times include waiting: other programs ran on the same machine, as its load shows (a load above the',
    'number of cores means that programs waited).',
    '',
    summary(groups, records),
    '',
    ...groups.flatMap(({ title, rows }) => {
      const done = Object.keys(rows).filter((name) => records[name]);
      if (done.length === 0) return [];
      return [`## ${title}`, '', ...done.map((name) => section(name, rows[name], records[name]))];
    }),
    ...(missing.length > 0 ? ['## Not run yet', '', `${missing.join(', ')}.`] : []),
  ]
    .join('\n')
    .trimEnd()}\n`;
}
