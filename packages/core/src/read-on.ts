import http from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

type Done = (error?: Error | null) => void;

/**
 * Lets a socket read on after a write has failed. A server may answer before it has read a request whole and close the
 * connection then: what it said lies in our kernel when the next write fails, and a socket of Node's is destroyed by that
 * failure before it is read. Here the failure waits until the other side's end, or its reset, has been read.
 */
export function readOnAfterWrites<T extends Duplex>(socket: T): T {
  const broken = (error: Error, done: Done): void => {
    if (socket.readableEnded || socket.destroyed) done(error);
    else socket.once('end', () => done(error));
  };
  // Who had the connection may have let go of it by then: a reset that is read later is nobody's fault.
  socket.on('error', () => {});
  const patient =
    (done: Done): Done =>
    (error) =>
      error ? broken(error, done) : done();
  const write = socket._write.bind(socket);
  const writev = socket._writev?.bind(socket);
  socket._write = (chunk, encoding, done) => write(chunk, encoding, patient(done));
  if (writev) socket._writev = (chunks, done) => writev(chunks, patient(done));
  return socket;
}

/** Agents whose connections read on after a write has failed. */
export function createPatientAgents(options: http.AgentOptions): { http: http.Agent; https: https.Agent } {
  class PatientHttpAgent extends http.Agent {
    override createConnection(...args: Parameters<http.Agent['createConnection']>): Duplex | null | undefined {
      const socket = super.createConnection(...args);
      return socket && readOnAfterWrites(socket);
    }
  }
  class PatientHttpsAgent extends https.Agent {
    override createConnection(...args: Parameters<https.Agent['createConnection']>): Duplex | null | undefined {
      const socket = super.createConnection(...args);
      return socket && readOnAfterWrites(socket as Socket);
    }
  }
  return { http: new PatientHttpAgent(options), https: new PatientHttpsAgent(options) };
}
