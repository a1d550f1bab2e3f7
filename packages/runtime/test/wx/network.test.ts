import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { AddressBook } from '@sparrow/protocol';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import { inBothModes, startApp, useBrowser } from '../harness.ts';
import { call, callBack, eventually, message, missing, onePage } from './support.ts';

useBrowser();

let server: Server;
let sockets: WebSocketServer;
let base = '';
/** Addresses of requests that were broken off by the other side. */
const broken: string[] = [];
/** Writes on at `/drip`, or ends it. */
let drip: (text?: string) => void = () => {};
/** Messages and closings the socket server saw. */
const heard: string[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      const path = request.url ?? '';
      response.on('close', () => response.writableFinished || broken.push(path));
      if (path.startsWith('/hang')) return;
      if (path === '/text') return response.end('plain');
      if (path === '/bytes') return response.end(Buffer.from([1, 2, 255]));
      if (path === '/missing') return response.writeHead(404).end('{"no":1}');
      if (path === '/file.txt') return response.writeHead(200, { 'content-type': 'text/plain' }).end('file body');
      if (path === '/named' || path === '/named.txt') {
        response.writeHead(200, ['Set-Cookie', 'a=1', 'Set-Cookie', 'b=2', 'X-Auth-Token', 't', 'x-low', 'l']);
        return response.end('named');
      }
      if (path === '/drip') {
        response.write('one');
        drip = (text) => (text === undefined ? response.end() : response.write(text));
        return;
      }
      response.setHeader('set-cookie', 'a=b');
      response.setHeader('content-type', 'application/json');
      const { method, headers } = request;
      response.end(
        JSON.stringify({ method, path, type: headers['content-type'], own: headers['x-own'], body: `${body}` }),
      );
    });
  });
  sockets = new WebSocketServer({ server });
  sockets.on('headers', (headers) => headers.push('X-Auth-Token: t', 'x-low: l'));
  sockets.on('connection', (socket, request) => {
    heard.push(`open ${request.url} ${request.headers['x-own'] ?? ''}`);
    socket.on('message', (data, binary) => {
      if (binary) socket.send(data, { binary: true });
      else if (String(data) === 'bye') socket.close(4001, 'done');
      else socket.send(`echo ${String(data)}`);
    });
    socket.on('close', (code) => heard.push(`close ${code}`));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  for (const client of sockets.clients) client.terminate();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const addresses: AddressBook = {
  resolve: (url) => (url.hostname === 'forbidden.test' ? { kind: 'refuse', reason: 'a test' } : { kind: 'public' }),
};
const start = (mode: 'dual' | 'single') => startApp({ mode, files: onePage(), addresses });

inBothModes('network', (mode) => {
  it('wx.request: carries method, header and data, and decodes the answer', async () => {
    const test = await start(mode);
    const got = await call(test, 'request', {
      url: `${base}/echo?x=1`,
      data: { y: '二', z: 3 },
      header: { 'X-Own': 'me' },
    });
    expect(got).toMatchObject({ errMsg: 'request:ok', statusCode: 200, cookies: ['a=b'] });
    expect(got.data).toMatchObject({ method: 'GET', path: '/echo?x=1&y=%E4%BA%8C&z=3', own: 'me' });
    const posted = await call(test, 'request', { url: `${base}/echo`, method: 'POST', data: { a: [1] } });
    expect(posted.data).toMatchObject({ method: 'POST', type: 'application/json', body: '{"a":[1]}' });
    const form = await call(test, 'request', {
      url: `${base}/echo`,
      method: 'PUT',
      data: { a: 'b c' },
      header: { 'content-type': 'application/x-www-form-urlencoded' },
    });
    expect(form.data).toMatchObject({ method: 'PUT', body: 'a=b%20c' });
    expect((await call(test, 'request', { url: `${base}/text` })).data).toBe('plain');
    expect(await call(test, 'request', { url: `${base}/missing` })).toMatchObject({ statusCode: 404, data: { no: 1 } });
    expect(
      await test.service(
        async ({ wx }, url: string) =>
          Array.from(new Uint8Array((await wx.request({ url, responseType: 'arraybuffer' })).data)),
        `${base}/bytes`,
      ),
    ).toEqual([1, 2, 255]);
    const events = await test.service(
      ({ wx }, url: string) =>
        new Promise((resolve) => {
          const seen: unknown[] = [];
          const task = wx.request({
            url,
            enableChunked: true,
            success: (r: { data: unknown }) => resolve([...seen, r.data]),
          });
          task.onHeadersReceived((r: { statusCode: number }) => seen.push(r.statusCode));
          task.onChunkReceived((r: { data: ArrayBuffer }) => seen.push(r.data.byteLength));
        }),
      `${base}/bytes`,
    );
    expect(events).toEqual([200, 3, '']);
    await test.close();
  });

  it('names headers as the server does, wherever they are seen', async () => {
    const test = await start(mode);
    const named = { 'Set-Cookie': 'a=1,b=2', 'X-Auth-Token': 't', 'x-low': 'l' };
    expect(await call(test, 'request', { url: `${base}/named` })).toMatchObject({
      header: named,
      cookies: ['a=1', 'b=2'],
    });
    expect(await call(test, 'downloadFile', { url: `${base}/named.txt` })).toMatchObject({ header: named });
    const early = await test.service(
      ({ wx }, url: string) =>
        new Promise((resolve) => {
          wx.request({ url, success() {} }).onHeadersReceived((r: { header: object }) => resolve(r.header));
        }),
      `${base}/named`,
    );
    expect(early).toMatchObject(named);
    const filePath = await test.service(
      ({ wx }, url: string) => wx.downloadFile({ url }).then((r: { tempFilePath: string }) => r.tempFilePath),
      `${base}/file.txt`,
    );
    const upload = await test.service(
      ({ wx }, url: string, path: string) =>
        new Promise((resolve) => {
          const task = wx.uploadFile({ url, filePath: path, name: 'x', success() {} });
          task.onHeadersReceived((r: { header: object }) => resolve(r.header));
        }),
      `${base}/named`,
      filePath,
    );
    expect(upload).toMatchObject(named);
    const opened = await test.service(
      ({ wx }, url: string) =>
        new Promise((resolve) => {
          wx.connectSocket({ url }).onOpen((r: { header: object }) => resolve(r.header));
        }),
      base.replace('http', 'ws'),
    );
    expect(opened).toMatchObject({ 'X-Auth-Token': 't', 'x-low': 'l' });
    await test.close();
  });

  it('wx.request: hands on chunks as they come, also of an answer that is broken off', async () => {
    const test = await start(mode);
    await test.service(({ wx, getApp }, url: string) => {
      const got: string[] = [];
      getApp().got = got;
      const task = wx.request({
        url,
        enableChunked: true,
        success: (r: { data: unknown }) => got.push(`end ${r.data}`),
        fail: (e: { errMsg: string }) => got.push(e.errMsg),
      });
      getApp().task = task;
      task.onChunkReceived((r: { data: ArrayBuffer }) =>
        got.push(Array.from(new Uint8Array(r.data), (byte) => String.fromCharCode(byte)).join('')),
      );
    }, `${base}/drip`);
    const got = () => test.service(({ getApp }) => getApp().got);
    await eventually(got).toEqual(['one']);
    drip('two');
    await eventually(got).toEqual(['one', 'two']);
    drip('x'.repeat(70_000));
    await eventually(async () => (await got()).slice(2).join('').length).toBe(70_000);
    drip();
    await eventually(async () => (await got()).at(-1)).toBe('end ');
    await test.service(({ wx, getApp }, url: string) => {
      const got: string[] = [];
      getApp().got = got;
      const task = wx.request({ url, enableChunked: true, fail: (e: { errMsg: string }) => got.push(e.errMsg) });
      task.onChunkReceived(() => {
        got.push('chunk');
        task.abort();
      });
    }, `${base}/drip`);
    await eventually(got).toEqual(['chunk', 'request:fail abort']);
    await eventually(() => broken).toContain('/drip');
    await test.close();
  });

  it('wx.request: fails with the texts of the original', async () => {
    const test = await start(mode);
    expect(await message(test, 'request')).toBe(missing('request', 'url'));
    expect(await message(test, 'request', { url: 'ftp://x' })).toBe('request:fail invalid url "ftp://x"');
    expect(await callBack(test, 'request', { url: `${base}/hang`, timeout: 50 })).toEqual([
      'fail request:fail timeout',
      'complete request:fail timeout',
    ]);
    expect(await call(test, 'request', { url: 'http://forbidden.test/' })).toMatchObject({
      errMsg: expect.stringMatching(/^request:fail url not in domain list/),
      errno: 600002,
    });
    expect(await message(test, 'request', { url: 'http://127.0.0.1:1/' })).toContain('ERR_CONNECTION_REFUSED');
    const aborted = (now: boolean) =>
      test.service(
        ({ wx }, url: string, atOnce: boolean) =>
          new Promise((resolve) => {
            const task = wx.request({ url, fail: (e: { errMsg: string }) => resolve(e.errMsg) });
            if (atOnce) task.abort();
            else setTimeout(() => task.abort(), 150);
          }),
        `${base}/hang-abort-${mode}`,
        now,
      );
    expect(await aborted(true)).toBe('request:fail abort');
    expect(await aborted(false)).toBe('request:fail abort');
    await eventually(() => broken).toContain(`/hang-abort-${mode}`);
    await test.close();
  });

  it('wx.uploadFile wx.downloadFile: move files, tell their progress, and can be aborted', async () => {
    const test = await start(mode);
    const down = await test.service(
      ({ wx }, url: string) =>
        new Promise((resolve) => {
          const seen: unknown[] = [];
          const task = wx.downloadFile({ url, success: (r: object) => resolve({ ...r, seen }) });
          task.onHeadersReceived((r: { header: Record<string, string> }) => seen.push(r.header['content-type']));
          task.onProgressUpdate((r: { progress: number; totalBytesWritten: number }) =>
            seen.push(r.progress, r.totalBytesWritten),
          );
        }),
      `${base}/file.txt`,
    );
    expect(down).toMatchObject({ errMsg: 'downloadFile:ok', statusCode: 200, seen: ['text/plain', 100, 9] });
    const { tempFilePath } = down as { tempFilePath: string };
    expect(tempFilePath).toMatch(/^http:\/\/tmp\/.+\.txt$/);

    const up = await call(test, 'uploadFile', {
      url: `${base}/up`,
      filePath: tempFilePath,
      name: 'thing',
      formData: { note: 'hi' },
      header: { 'x-own': 'me' },
    });
    expect(up).toMatchObject({ errMsg: 'uploadFile:ok', statusCode: 200 });
    const sent = JSON.parse(up.data as string) as { type: string; body: string; own: string };
    expect(sent.type).toMatch(/^multipart\/form-data/);
    expect(sent.own).toBe('me');
    expect(sent.body).toContain('name="note"');
    expect(sent.body).toContain('name="thing"');
    expect(sent.body).toContain('file body');

    const kept = await call(test, 'downloadFile', { url: `${base}/file.txt`, filePath: 'http://usr/kept.txt' });
    expect(kept).toMatchObject({ errMsg: 'downloadFile:ok', filePath: 'http://usr/kept.txt' });
    expect(await test.service(({ wx }) => wx.getFileSystemManager().readFileSync('http://usr/kept.txt', 'utf8'))).toBe(
      'file body',
    );

    expect(await message(test, 'downloadFile')).toBe(missing('downloadFile', 'url'));
    expect(await message(test, 'downloadFile', { url: `${base}/hang`, timeout: 50 })).toBe('downloadFile:fail timeout');
    expect(await message(test, 'uploadFile', { url: `${base}/up`, filePath: 'http://tmp/none', name: 'x' })).toBe(
      'uploadFile:fail no such file "http://tmp/none"',
    );
    expect(await message(test, 'uploadFile', { url: `${base}/up`, filePath: 'x' })).toBe(missing('uploadFile', 'name'));
    for (const name of ['uploadFile', 'downloadFile'])
      expect(
        await test.service(
          ({ wx }, which: string, url: string, filePath: string) =>
            new Promise((resolve) => {
              const task = wx[which]({
                url,
                ...(which === 'uploadFile' && { filePath, name: 'x' }),
                fail: (e: { errMsg: string }) => resolve(e.errMsg),
              });
              setTimeout(() => task.abort(), 100);
            }),
          name,
          `${base}/hang`,
          tempFilePath,
        ),
      ).toBe(`${name}:fail abort`);
    await test.close();
  });

  it('wx.connectSocket: a SocketTask opens, echoes text and bytes, and closes', async () => {
    const test = await start(mode);
    const url = `${base.replace('http', 'ws')}/socket-${mode}`;
    const seen = await test.service(
      ({ wx }, address: string) =>
        new Promise((resolve) => {
          const log: unknown[] = [];
          const task = wx.connectSocket({
            url: address,
            header: { 'X-Own': 'me' },
            success: (r: { errMsg: string }) => log.push(r.errMsg),
          });
          task.onOpen(() => {
            log.push('open', task.readyState === task.OPEN);
            task.send({ data: 'hello', success: (r: { errMsg: string }) => log.push(r.errMsg) });
          });
          task.onMessage((m: { data: string | ArrayBuffer }) => {
            if (typeof m.data === 'string') {
              log.push(m.data);
              task.send({ data: new Uint8Array([7, 8]).buffer });
            } else {
              log.push(m.data.byteLength);
              task.send({ data: 'bye' });
            }
          });
          task.onClose((c: { code: number; reason: string }) => {
            log.push(c.code, c.reason);
            task.send({ data: 'late', fail: (e: { errMsg: string }) => resolve([...log, e.errMsg]) });
          });
        }),
      url,
    );
    expect(seen).toEqual([
      'connectSocket:ok',
      'open',
      true,
      'sendSocketMessage:ok',
      'echo hello',
      2,
      4001,
      'done',
      'sendSocketMessage:fail SocketTask.readyState is not OPEN',
    ]);
    expect(heard).toContain(`open /socket-${mode} me`);
    const failed = (address: unknown) =>
      test.service(
        ({ wx }, given: unknown) =>
          new Promise((resolve) =>
            wx.connectSocket({ url: given, fail: (e: { errMsg: string }) => resolve(e.errMsg) }),
          ),
        address,
      );
    expect(await failed(undefined)).toBe(missing('connectSocket', 'url'));
    expect(await failed('http://x')).toBe('connectSocket:fail url not in domain list, url: http://x');
    const refused = await test.service(
      ({ wx }) =>
        new Promise((resolve) => {
          const log: string[] = [];
          const task = wx.connectSocket({ url: 'ws://127.0.0.1:1' });
          task.onError((e: { errMsg: string }) => log.push(e.errMsg));
          task.onClose((c: { code: number }) => resolve([...log, c.code]));
        }),
    );
    expect(refused).toEqual([expect.stringContaining('ERR_CONNECTION_REFUSED'), 1006]);
    await test.close();
  });

  it('wx.sendSocketMessage wx.closeSocket wx.onSocketOpen wx.onSocketMessage wx.onSocketError wx.onSocketClose: act on the last socket', async () => {
    const test = await start(mode);
    expect(await message(test, 'sendSocketMessage', { data: 'x' })).toMatch(/^sendSocketMessage:fail ./);
    expect(await message(test, 'closeSocket')).toMatch(/^closeSocket:fail ./);
    const url = `${base.replace('http', 'ws')}/legacy`;
    const seen = await test.service(
      ({ wx }, address: string) =>
        new Promise((resolve) => {
          const log: string[] = [];
          wx.onSocketOpen(() =>
            wx.sendSocketMessage({ data: 'old' }).then((r: { errMsg: string }) => log.push(r.errMsg)),
          );
          wx.onSocketMessage((m: { data: string }) => {
            log.push(m.data);
            wx.closeSocket({ code: 1000, reason: 'enough' });
          });
          wx.onSocketClose((c: { code: number }) => {
            log.push(`close ${c.code}`);
            wx.onSocketError((e: { errMsg: string }) => {
              log.push(String(e.errMsg.includes('ERR_CONNECTION_REFUSED')));
              resolve(log);
            });
            wx.onSocketClose(() => {});
            wx.connectSocket({ url: 'ws://127.0.0.1:1' });
          });
          wx.connectSocket({ url: address });
        }),
      url,
    );
    expect([...(seen as string[])].sort()).toEqual(['close 1000', 'echo old', 'sendSocketMessage:ok', 'true'].sort());
    await test.close();
  });

  it('a closed phone ends its sockets and requests', async () => {
    const test = await start(mode);
    heard.length = 0;
    await test.service(
      ({ wx }, http: string, ws: string) => {
        wx.request({ url: http, fail: () => {} });
        return new Promise((resolve) => wx.connectSocket({ url: ws }).onOpen(resolve));
      },
      `${base}/hang-closed-${mode}`,
      `${base.replace('http', 'ws')}/kept`,
    );
    await test.page.evaluate(() => window.sparrow.phone?.close());
    await eventually(() => heard.some((line) => line.startsWith('close'))).toBe(true);
    await eventually(() => broken).toContain(`/hang-closed-${mode}`);
    await test.close();
  });
});
