import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { UserError } from '../../errors.js';
import { readText, refuseMarkup, type TextOptions } from './textStream.js';

const root = mkdtempSync(join(tmpdir(), 'autoencoder-text-'));
after(() => rmSync(root, { recursive: true }));

let files = 0;

function fileOf(content: string | Uint8Array): string {
  const path = join(root, `${files++}.txt`);
  writeFileSync(path, content);
  return path;
}

async function textOf(path: string, options?: TextOptions): Promise<string> {
  let text = '';
  for await (const piece of readText(path, options)) {
    assert.notEqual(piece, '');
    text += piece;
  }
  return text;
}

async function refuses(path: string, message: RegExp, options?: TextOptions): Promise<void> {
  await assert.rejects(textOf(path, options), (error) => {
    assert.ok(error instanceof UserError, String(error));
    assert.match(error.message, message);
    return true;
  });
}

const utf16be = (text: string) => Buffer.from(text, 'utf16le').swap16();

test('gives the text of a file, packed or not, in pieces', async () => {
  const text = 'größer, 大きい\n'.repeat(60_000);
  assert.equal(await textOf(fileOf(text)), text);
  assert.equal(await textOf(fileOf(gzipSync(text))), text);
  const halves = Buffer.concat([gzipSync(text), gzipSync('end')]);
  assert.equal(await textOf(fileOf(halves)), `${text}end`);
});

test('drops byte order marks, and reads the encoding that they tell', async () => {
  assert.equal(await textOf(fileOf('\ufeffäb')), 'äb');
  assert.equal(await textOf(fileOf(Buffer.from('\ufeffäb', 'utf16le'))), 'äb');
  assert.equal(await textOf(fileOf(utf16be('\ufeffäb')), { encoding: 'windows-1252' }), 'äb');
});

test('reads other encodings when told', async () => {
  const bytes = Buffer.from([0x80, 0x20, 0xe4]);
  assert.equal(await textOf(fileOf(bytes), { encoding: 'windows-1252' }), '€ ä');
  assert.equal(await textOf(fileOf(Buffer.from('äb', 'utf16le')), { encoding: 'utf-16le' }), 'äb');
  await refuses(fileOf('a'), /no encoding "klingon"; give one such as utf-8/, { encoding: 'klingon' });
});

test('names the line that is not UTF-8, and what to do', async () => {
  const bad = Buffer.concat([Buffer.from('a\nä\n'), Buffer.from([0xe4, 0x0a]), Buffer.from('ä\n')]);
  await refuses(fileOf(bad), /line 3: this is not text in UTF-8; give its encoding.*windows-1252/);
  await refuses(fileOf(Buffer.concat([Buffer.from('a\nb'), Buffer.from([0xc3])])), /line 2/);
  const late = Buffer.concat([Buffer.from('äöü\n'.repeat(100_000)), Buffer.from([0xff, 0xfa])]);
  await refuses(fileOf(late), /line 100001:/);
  await refuses(fileOf(Buffer.from([0x41, 0x00, 0x00, 0xd8])), /utf-16le/, { encoding: 'utf-16le' });
});

test('refuses what is missing, empty, a folder or binary', async () => {
  await refuses(join(root, 'missing'), /there is no file/);
  await refuses(root, /is a directory/);
  await refuses(fileOf(''), /is empty \(0 bytes\)/);
  await refuses(fileOf(gzipSync('')), /gzipped, but holds nothing/);
  await refuses(fileOf('a\nb\0'), /line 2: found a NUL character/);
  await refuses(fileOf(Buffer.from('PK\x03\x04rest')), /Excel workbook/);
  await refuses(fileOf(Buffer.from('PAR1rest')), /a Parquet file/);
  await refuses(fileOf(Buffer.from([0x89, 0x50, 0x4e, 0x47, 13, 10])), /PNG/);
  await refuses(fileOf(gzipSync(Buffer.from('PK\x03\x04rest'))), /Excel workbook/);
  assert.equal(await textOf(fileOf('BZh,b')), 'BZh,b');
});

test('refuses damaged and truncated gzip', async () => {
  const packed = gzipSync('some text\n'.repeat(10_000));
  await refuses(fileOf(packed.subarray(0, packed.length - 9)), /ends too early/);
  await refuses(fileOf(packed.subarray(0, 5)), /ends too early/);
  const damaged = Buffer.from(packed);
  damaged.fill(0xff, 10, 40);
  await refuses(fileOf(damaged), /damaged/);
});

test('stops at a file that unpacks to more than the limit', async () => {
  const bomb = fileOf(gzipSync(Buffer.alloc(5_000_000, 0x61)));
  await refuses(bomb, /unpacks to more than the limit of 1,000,000 bytes/, { maxBytes: 1_000_000 });
});

test('tells web pages and XML from tables', () => {
  for (const text of ['<!DOCTYPE html>', '\n <html>', '<?xml version="1.0"?>']) {
    assert.throws(() => refuseMarkup(text, 'x.csv'), UserError);
  }
  refuseMarkup('<a>,<b>', 'x.csv');
});
