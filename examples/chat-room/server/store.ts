// 用户与历史消息存在 Sparrow 的记录存储里（表见 records.proto），重启后还在。
// People and messages live in Sparrow's record store (tables: records.proto), so they survive a restart.
import type { SparrowStore } from '@sparrow/sdk/server';

export interface Person {
  openId: string;
  nickName: string;
  avatarUrl: string;
}

export interface Message {
  /** 在房间里递增，也是翻页用的游标。 */
  id: number;
  room: string;
  /** 毫秒，UTC。 */
  time: number;
  text: string;
  from: Person;
}

export interface Store {
  savePerson(person: Person): Promise<void>;
  addMessage(room: string, openId: string, text: string, time: number): Promise<Message>;
  /** `before` 之前的 `limit` 条，旧的在前。 */
  history(room: string, before: number, limit: number): Promise<{ messages: Message[]; more: boolean }>;
  /** 房间里的最后一条，常看，所以记在内存里。 */
  lastMessage(room: string): Message | undefined;
  close(): void;
}

interface Row {
  room: string;
  id: number;
  openId: string;
  time: bigint;
  text: string;
}

export async function openStore(records: SparrowStore, rooms: readonly string[]): Promise<Store> {
  const people = records.table<Person, { openId: string }>('Person');
  const counters = records.table<{ room: string; count: number }, { room: string }>('Room');
  const messages = records.table<Row, { room: string; id: number }>('Message');
  const last = new Map<string, Message>();

  // 昵称和头像从 Person 取，所以改了头像，旧消息也跟着变。
  async function withPeople(rows: Row[]): Promise<Message[]> {
    const ids = [...new Set(rows.map((row) => row.openId))];
    const found = await people.batchGet(ids.map((openId) => ({ openId })));
    const byId = new Map(found.flatMap((entry) => (entry ? [[entry.record.openId, entry.record] as const] : [])));
    return rows.map(({ id, room, time, text, openId }) => ({
      id,
      room,
      time: Number(time),
      text,
      from: byId.get(openId) ?? { openId, nickName: '', avatarUrl: '' },
    }));
  }

  async function history(room: string, before: number, limit: number): Promise<{ messages: Message[]; more: boolean }> {
    const count = (await counters.get({ room }))?.record.count ?? 0;
    const end = Math.min(before - 1, count);
    const begin = Math.max(1, end - limit + 1);
    const keys = Array.from({ length: Math.max(0, end - begin + 1) }, (_, i) => ({ room, id: begin + i }));
    const rows = (await messages.batchGet(keys)).flatMap((entry) => (entry ? [entry.record] : []));
    return { messages: await withPeople(rows), more: begin > 1 };
  }

  for (const room of rooms) {
    const [message] = (await history(room, Number.MAX_SAFE_INTEGER, 1)).messages;
    if (message) last.set(room, message);
  }

  return {
    async savePerson({ openId, nickName, avatarUrl }) {
      await people.replace({ openId, nickName, avatarUrl });
    },
    async addMessage(room, openId, text, time) {
      // 号码由房间的计数器给，同时说话也不会重号。
      const { record } = await counters.fieldIncrease(
        { room },
        { count: 1 },
        { insertIfAbsent: true, resultFlag: { success: 2 } },
      );
      const row: Row = { room, id: record?.count as number, openId, time: BigInt(time), text };
      await messages.insert(row);
      const [message] = (await withPeople([row])) as [Message];
      if ((last.get(room)?.id ?? 0) < message.id) last.set(room, message);
      return message;
    },
    history,
    lastMessage: (room) => last.get(room),
    close: () => records.close(),
  };
}
