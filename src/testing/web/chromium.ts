import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';
import { type Pages, servePages } from './pages.js';

/** The browser that tests drive; the environment variable `CHROMIUM` names another. */
const executable = process.env.CHROMIUM ?? '/usr/bin/chromium';

/** Quiet, offline, and with WebGPU computed on the CPU, so that it runs on machines without a GPU. */
const flags = [
  '--no-sandbox',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
  '--enable-features=Vulkan',
  // Compiling shaders for the CPU can take longer than the browser believes a healthy GPU takes.
  '--disable-gpu-watchdog',
];

/** Why tests in a browser are to be skipped, or `false`. Where changes are checked they never are. */
export function skipBrowserTests(): string | false {
  if (existsSync(executable) || process.env.CI) return false;
  return `${executable} is not there; install Chromium, or name it in the environment variable CHROMIUM`;
}

/** A page in headless Chromium, and the server that it came from. */
export class TestPage {
  private constructor(
    private readonly browser: Browser,
    private readonly pages: Pages,
    readonly page: Page,
  ) {}

  /** Starts server and browser; when either fails, nothing is left running. */
  static async open(options: { readonly isolated?: boolean } = {}): Promise<TestPage> {
    const pages = await servePages(options);
    let browser: Browser | undefined;
    try {
      browser = await chromium.launch({ executablePath: executable, args: flags });
      const page = await browser.newPage();
      await page.goto(pages.url);
      return new TestPage(browser, pages, page);
    } catch (error) {
      await browser?.close();
      await pages.close();
      throw error;
    }
  }

  /** What to import in the page: the browser entry of this package. */
  get entry(): string {
    return this.pages.entry;
  }

  /** One more page, with nothing loaded yet. */
  async newPage(): Promise<Page> {
    const page = await this.browser.newPage();
    await page.goto(this.pages.url);
    return page;
  }

  async close(): Promise<void> {
    try {
      await this.browser.close();
    } finally {
      await this.pages.close();
    }
  }
}
