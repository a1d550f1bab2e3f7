import type { DevServer } from '@sparrow/cloud';
import { encode } from 'uqr';
import { quote } from './invocation.ts';
import type { Io } from './io.ts';
import { shortPath } from './text.ts';
import { VERSION } from './version.ts';

/** What a run shows when it is ready: where to look, where the data is, what to type next. */
export function panel(io: Io, server: DevServer, options: { dir: string; readyMs: number }): string[] {
  const row = (name: string, value: string, note = ''): string =>
    `  ${io.paint('dim', name.padEnd(9))}${value}${note ? `  ${io.paint('dim', note)}` : ''}`;
  const data = shortPath(io.cwd, server.stateDir);
  const dir = quote(options.dir);
  const lines = [
    '',
    `  ${io.paint(['bold', 'yellow'], '麻雀 Sparrow')} ${VERSION}  ${io.paint('bold', server.project.title)}  ${io.paint('dim', `ready in ${seconds(options.readyMs)}`)}`,
    '',
    row('Local', io.paint(['cyan', 'underline'], server.consoleUrl)),
    row('LAN', server.lanUrl ? io.paint(['cyan', 'underline'], server.lanUrl) : io.paint('dim', 'closed')),
    row('Backend', ...backend(io, server)),
    row('Data', data, `\`sparrow reset ${dir}\` empties it`),
    row('Log', shortPath(io.cwd, server.logFile)),
    ...server.notices.map((notice) => row('Note', io.paint('yellow', notice))),
  ];
  if (server.lanUrl) {
    lines.push(
      '',
      ...qrLines(server.lanUrl).map((line) => `  ${line}`),
      io.paint('dim', '  scan it with a phone in the same network'),
    );
  }
  lines.push('', row('Next', `open the local address; then \`sparrow check ${dir}\``));
  if (io.interactive) lines.push(row('Keys', 'r restart the backend · q stop'));
  lines.push('');
  return lines;
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

function backend(io: Io, server: DevServer): [string, string] {
  const { state, reason } = server.backend();
  if (state === 'none') return [io.paint('dim', 'none'), ''];
  if (state === 'running') return [`${io.paint('green', 'running')}  ${server.ingressUrl}/`, ''];
  const [first = ''] = (reason ?? '').split('\n');
  return [io.paint('red', state), first];
}

/** A QR code in half blocks, dark on light in any colour scheme of a terminal that has colours. */
export function qrLines(text: string): string[] {
  const { data, size } = encode(text, { ecc: 'L', border: 2 });
  const lines: string[] = [];
  for (let y = 0; y < size; y += 2) {
    let line = '';
    for (let x = 0; x < size; x++) {
      // Light modules are drawn, so that a dark terminal shows a code that scanners can read.
      const upper = !data[y]?.[x];
      const lower = y + 1 < size ? !data[y + 1]?.[x] : false;
      line += upper && lower ? '█' : upper ? '▀' : lower ? '▄' : ' ';
    }
    lines.push(line);
  }
  return lines;
}
