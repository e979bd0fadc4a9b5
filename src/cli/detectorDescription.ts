import type { Detector } from '../tasks/detect/detector.js';
import { filesOf } from './description.js';
import { columnLines } from './tableText.js';
import { bytes, count, counted, figure, table } from './text.js';

/** What a kept detector holds, for people and for programs. */
export async function describeDetector(
  folder: string,
  { config, schema, threshold, rows }: Detector,
): Promise<{ readonly text: string; readonly json: Readonly<Record<string, unknown>> }> {
  const files = await filesOf(folder);
  const { networks, contamination, maxSamples, seed } = config;
  const text = [
    `${folder}: a detector of anomalies`,
    table([
      ['learned from', counted(rows, 'row')],
      ['networks', `${networks} autoencoders, each of ${count(Math.min(maxSamples, rows))} rows at most`],
      ['threshold', figure(threshold)],
      ...(config.threshold === undefined ? [['contamination', String(contamination)]] : []),
      ['seed', String(seed)],
    ]),
    'Columns:',
    columnLines(schema.columns).join('\n'),
    'Files:',
    table(
      Object.entries(files).map(([name, size]) => [name, bytes(size)]),
      { right: [1] },
    ),
  ].join('\n');
  const columns = schema.columns.map(({ name, type }) => ({ name, type }));
  return { text, json: { run: folder, family: 'detector', config, rows, threshold, columns, files } };
}
