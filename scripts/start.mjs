// npm start: set up (prestart), build what is stale, run the chat room.
import { join } from 'node:path';
import { inShellLanguage } from './errors.zh.mjs';
import { requireNode24, root } from './lib.mjs';

requireNode24();
const starting = inShellLanguage(
  'Starting the chat room of examples/chat-room; this usually takes two to five seconds …',
  '正在启动聊天室示例（examples/chat-room），通常需要两到五秒……',
);
process.stderr.write(`${starting}\n`);
await import('./build.mjs');
process.argv.splice(2, process.argv.length - 2, 'dev', join(root, 'examples/chat-room'), ...process.argv.slice(2));
await import('../packages/cli/bin/sparrow.mjs');
