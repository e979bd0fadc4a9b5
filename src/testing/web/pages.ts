import { once } from 'node:events';
import { createReadStream, existsSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, extname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { importGraph } from './importGraph.js';

const types: Readonly<Record<string, string>> = {
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
};

/** The compiled entry point for browsers. */
const entry = fileURLToPath(new URL('../../browser.js', import.meta.url));

/** A server of one page, in which the compiled project and its packages can be imported without a bundler. */
export interface Pages {
  readonly url: string;
  /** What to import in the page: the browser entry of this package. */
  readonly entry: string;
  close(): Promise<void>;
}

/**
 * Serves the page on this machine, on a free port.
 * @param isolated whether the page may share memory between threads, so that WebAssembly may use several
 */
export async function servePages({ isolated = false } = {}): Promise<Pages> {
  const root = projectRoot();
  const address = (file: string) => `/${relative(root, file).split(sep).join('/')}`;
  const { files, packages } = importGraph(entry);
  const imports = Object.fromEntries([...packages].map(([specifier, file]) => [specifier, address(file)]));
  const page = `<!doctype html><link rel="icon" href="data:,"><script type="importmap">${JSON.stringify({ imports })}</script>`;
  // Only what the entry point reaches, and the files that onnxruntime-web loads beside itself.
  const known = new Set([...files].map(address));
  const isRuntime = (path: string) => /^\/node_modules\/onnxruntime-web\/dist\/[\w.-]+$/.test(path);

  const server = createServer((request, response) => {
    const path = new URL(request.url!, 'http://localhost').pathname;
    if (isolated) {
      response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
      response.setHeader('Cross-Origin-Embedder-Policy', 'require-corp');
    }
    if (path === '/') {
      response.setHeader('Content-Type', 'text/html').end(page);
    } else if (known.has(path) || (isRuntime(path) && existsSync(join(root, path)))) {
      response.setHeader('Content-Type', types[extname(path)] ?? 'application/octet-stream');
      createReadStream(join(root, path)).pipe(response);
    } else response.writeHead(404).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    entry: address(entry),
    close: () => closeServer(server),
  };
}

async function closeServer(server: Server): Promise<void> {
  server.close();
  server.closeAllConnections();
  await once(server, 'close');
}

function projectRoot(): string {
  let folder = dirname(entry);
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return folder;
}
