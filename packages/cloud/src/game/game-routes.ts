import { PATHS } from '@sparrow/protocol';
import type { FastifyInstance } from 'fastify';
import { CloudError } from '../errors.ts';
import { phrase } from '../phrase.ts';
import { GAME_FAULTS, type GameFault } from './game-faults.ts';
import type { GameService } from './game-service.ts';

/** The console's page of a game. */
export function registerGameRoutes(app: FastifyInstance, { game }: { game: GameService }): void {
  const base = `${PATHS.api}game/`;
  const text = (value: unknown, name: string): string => {
    if (typeof value === 'string' && value.length > 0 && value.length <= 200) return value;
    throw new CloudError('BAD_REQUEST', phrase`${name} is missing`, { hint: phrase`give ${name}` });
  };
  app.get(`${base}topology`, () => game.picture());
  app.get<{ Querystring: { type?: string; key?: string } }>(`${base}lookup`, (request) =>
    game.lookUp(text(request.query.type, 'type'), text(request.query.key, 'key')),
  );
  app.post<{ Body: { kind?: string; set?: string; name?: string; of?: string } | null }>(
    `${base}fault`,
    async (request, reply) => {
      const { kind, set, name, of } = request.body ?? {};
      if (!GAME_FAULTS.includes(kind as GameFault))
        throw new CloudError('BAD_REQUEST', phrase`there is no fault "${kind}"`, { hint: GAME_FAULTS.join(', ') });
      const target = { kind: kind as GameFault, set: text(set, 'set'), name: text(name, 'name') };
      await game.fault({ ...target, ...(of !== undefined && { of: text(of, 'of') }) });
      return reply.status(204).send();
    },
  );
}
