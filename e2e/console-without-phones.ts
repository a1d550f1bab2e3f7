import { join } from 'node:path';
import { createDevServer, type DevServer } from '@sparrow/cloud';

const root = join(import.meta.dirname, '..');

/** The console of a project, without phones: for its pages about the game and the records. */
export const serveWithoutPhones = (dir: string): Promise<DevServer> =>
  createDevServer({
    dir,
    port: 0,
    consoleDir: join(root, 'apps/console/dist'),
    registerSimulator: async (app) => {
      app.get('/api/v1/simulator', { config: { access: 'console' } }, async () => ({
        token: '',
        phone: 'about:blank',
      }));
      return { phonePath: '/phone', close: async () => {} };
    },
    watch: false,
  });
