import { createEmbeddedSet, objectId } from '@sparrow/router';
import { createPlayer, INVITE, types } from './player.ts';

const game = await createEmbeddedSet();
const east = await game.createNode('east', { types });
const west = await game.createNode('west', { types });
await east.register('Player', 'ann', createPlayer('ann'));
await west.register('Player', 'bob', createPlayer('bob'));

const where = (): string => {
  const { nodes } = game.router.topology();
  return nodes.map(({ node, routes }) => `${node} holds ${routes - 1}`).join(', ');
};
const invite = async (): Promise<string> => {
  const question = new TextEncoder().encode(JSON.stringify({ friend: 'bob' }));
  return new TextDecoder().decode(await east.self.ask(objectId('Player', 'ann'), INVITE, question));
};

console.log('before:', where());
console.log('ann invites bob:', await invite());

// The node of one is drained while the other goes on inviting.
const drained = west.drain();
const answers = await Promise.all(Array.from({ length: 20 }, invite));
console.log('drained west:', JSON.stringify(await drained));
console.log('20 invitations meanwhile, the last answer:', answers.at(-1));

console.log('after:', where());
console.log('ann invites bob again:', await invite());
await game.close();
