/** Starts the real programs that tests need, and stops them; numbers at random from a seed. */

export { earlyAnswerServer } from './early-answer.ts';
export { canMakeNetworks, createNetwork, type Network, type NetworkHost } from './namespaces.ts';
export { type NatsServer, startNats } from './nats.ts';
export { freePort } from './ports.ts';
export { type Postgres, type PostgresOptions, postgresBin, startPostgres } from './postgres.ts';
export { listening, makeFolder, temporaryFolder } from './program.ts';
export { createRandom, pick, type Random } from './random.ts';
export { writeTree } from './tree.ts';
export { startZooKeeper, type ZooKeeperEnsemble, type ZooKeeperServer } from './zookeeper.ts';
