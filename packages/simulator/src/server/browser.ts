import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { SimulatorError } from './errors.ts';
import { phrase } from './phrase.ts';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/**
 * The last `--disable-features` wins, so this one says what playwright's says as far as it matters here, and adds the
 * two pages that Chromium loads ahead for its address bar with every new window: 0.7 s of CPU each time, and nobody
 * sees them.
 */
const UNUSED_FEATURES = [
  'AimEnabled',
  'AvoidUnnecessaryBeforeUnloadCheckSync',
  'DestroyProfileOnBrowserClose',
  'HttpsFirstBalancedModeAutoEnable',
  'HttpsUpgrades',
  'LensOverlay',
  'MediaRouter',
  'NetworkTimeServiceQuerying',
  'OptimizationHints',
  'PaintHolding',
  'PreconnectToSearch',
  'ThirdPartyStoragePartitioning',
  'WebUIOmniboxAimPopup',
  'WebUIOmniboxPopup',
];

/** Path of the browser on this machine, or undefined. `SPARROW_CHROMIUM` wins. */
export function findChromium(): string | undefined {
  const { SPARROW_CHROMIUM: override, PATH = '' } = process.env;
  if (override) return existsSync(override) ? override : undefined;
  const folders = [...PATH.split(':'), '/usr/bin', '/usr/local/bin'].filter(Boolean);
  return NAMES.flatMap((name) => folders.map((folder) => join(folder, name))).find((path) => existsSync(path));
}

/**
 * A headless Chromium that stays off the network.
 *
 * @param options.ownSignals the caller closes the browser when a signal comes; otherwise a signal ends browser and process
 * @throws SimulatorError BROWSER_NOT_FOUND
 */
export async function launchBrowser(options: { args?: string[]; ownSignals?: boolean } = {}): Promise<Browser> {
  const executablePath = findChromium();
  if (!executablePath)
    throw new SimulatorError('BROWSER_NOT_FOUND', phrase`there is no Chromium on this machine`, {
      hint: phrase`run: sudo apt-get install -y chromium   (or name a browser in SPARROW_CHROMIUM)`,
    });
  // Loaded only here: `sparrow dev` needs no browser of its own and starts sooner without.
  const { chromium } = await import('playwright-core');
  return chromium.launch({
    executablePath,
    ...(options.ownSignals && { handleSIGINT: false, handleSIGTERM: false, handleSIGHUP: false }),
    args: [
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      `--disable-features=${UNUSED_FEATURES.join(',')}`,
      '--font-render-hinting=none',
      ...(options.args ?? []),
    ],
  });
}
