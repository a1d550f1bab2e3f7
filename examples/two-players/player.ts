import { type Message, objectId, type RoutedObject, type Self } from '@sparrow/router';

/** Methods of a player, by number. */
export const INVITE = 1;
export const INVITED = 2;

const encode = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
const decode = <T>(bytes: Uint8Array): T => JSON.parse(new TextDecoder().decode(bytes)) as T;

interface State {
  /** Who has invited this player so far. */
  invitations: string[];
}

/** A player: asked to invite somebody, it asks that one, wherever that one lives. */
export function createPlayer(name: string, state: State = { invitations: [] }): RoutedObject {
  return {
    async ask(message: Message, self: Self): Promise<Uint8Array> {
      if (message.method === INVITE) {
        const { friend } = decode<{ friend: string }>(message.payload);
        return self.ask(objectId('Player', friend), INVITED, encode({ from: name }));
      }
      const { from } = decode<{ from: string }>(message.payload);
      state.invitations.push(from);
      return encode({ ok: true, by: name, invitations: state.invitations.length });
    },
    freeze: () => encode(state),
  };
}

/** Types that a node with players holds; how a player that moved comes to life again. */
export const types = { Player: (key: string, state: Uint8Array) => createPlayer(key, decode<State>(state)) };
