import { existsSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, resolve } from 'node:path';

/** What a compiled module loads, directly and through others, the way a browser's bundler sees it. */
export interface ImportGraph {
  /** Every file. */
  readonly files: ReadonlySet<string>;
  /** The file behind each bare specifier, such as `zod`. */
  readonly packages: ReadonlyMap<string, string>;
  /** Modules of Node that are imported, each with the file that does it. */
  readonly builtins: readonly { readonly specifier: string; readonly from: string }[];
}

/** Packages that are not looked into: their minified builds ask where they run before they import. */
const opaque = ['onnxruntime-web'];

const conditions = new Set(['browser', 'import', 'default']);

const statement = /^\s*(?:import|export)\s(?:[^'"`;]*?\sfrom\s*)?['"]([^'"]+)['"]/gm;
const expression = /\bimport\(\s*['"]([^'"]+)['"]\s*\)/g;

/** Follows imports, dynamic ones too, from a compiled file on. */
export function importGraph(entry: string): ImportGraph {
  const files = new Set<string>();
  const packages = new Map<string, string>();
  const builtins: { specifier: string; from: string }[] = [];
  const open = [entry];
  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    if (files.has(file)) continue;
    files.add(file);
    for (const specifier of specifiersOf(readFileSync(file, 'utf8'))) {
      if (specifier.startsWith('.')) open.push(resolve(dirname(file), specifier));
      else if (specifier.startsWith('node:') || builtinModules.includes(specifier))
        builtins.push({ specifier, from: file });
      else {
        const target = resolvePackage(specifier, file);
        packages.set(specifier, target);
        if (!opaque.includes(packageName(specifier))) open.push(target);
      }
    }
  }
  return { files, packages, builtins };
}

function specifiersOf(source: string): string[] {
  const code = source.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
  return [statement, expression].flatMap((form) => [...code.matchAll(form)].map((match) => match[1]!));
}

function packageName(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

function resolvePackage(specifier: string, from: string): string {
  const name = packageName(specifier);
  let folder = dirname(from);
  while (!existsSync(join(folder, 'node_modules', name))) {
    if (folder === dirname(folder)) throw new Error(`${from}: the package '${name}' is not installed`);
    folder = dirname(folder);
  }
  const root = join(folder, 'node_modules', name);
  const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { exports: unknown };
  const target = choose((exports as Record<string, unknown>)[`.${specifier.slice(name.length)}`] ?? exports);
  if (target === undefined) throw new Error(`${from}: '${specifier}' is not exported to browsers`);
  return join(root, target);
}

/** The first branch of a package's `exports` whose conditions hold in a browser. */
function choose(exported: unknown): string | undefined {
  if (typeof exported === 'string') return exported;
  for (const [condition, branch] of Object.entries((exported ?? {}) as Record<string, unknown>)) {
    const found = conditions.has(condition) ? choose(branch) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}
