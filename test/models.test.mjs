// docs/models.md against the families themselves, so that neither a family nor an option is left out of it.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { families } from '../dist/models/families.js';

const page = readFileSync(fileURLToPath(new URL('../docs/models.md', import.meta.url)), 'utf8');
const [overview, sections] = page.split('## Objectives and options');

/** The cells of the rows of all tables. */
const rows = (text) =>
  [...text.matchAll(/^\| (.+) \|$/gm)].map(([, line]) => line.split(' | ').map((cell) => cell.trim()));

test('the overview has every family, in its order, and says which can sample', () => {
  const listed = rows(overview)
    .map(([first]) => /^\[`(.+)`\]\(#(.+)\)( ●)?$/.exec(first))
    .filter((match) => match !== null);
  assert.deepEqual(
    listed.map(([, name, anchor, sample]) => [name, anchor, sample !== undefined]),
    Object.values(families).map(({ name, generative }) => [name, name, generative]),
  );
});

for (const { name, own } of Object.values(families)) {
  test(`the section of ${name} has every option of its own, with its default and meaning`, () => {
    const [, section] = new RegExp(`^### ${name}\\n(.*?)(?=^### |$(?![^]))`, 'ms').exec(sections) ?? [];
    assert.ok(section?.trim(), 'there is no section');
    const expected = Object.entries(own).map(([option, schema]) => [
      `\`${option}\``,
      `\`${JSON.stringify(schema._zod.def.defaultValue)}\``,
      schema.description,
    ]);
    const [, ...listed] = rows(section).filter(([first]) => !first.startsWith('-'));
    assert.deepEqual(listed, expected);
  });
}
