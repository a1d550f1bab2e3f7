// 用户与历史消息存在 SQLite 里,重启后还在。 People and messages live in SQLite, so they survive a restart.
import { DatabaseSync } from 'node:sqlite';

export interface Person {
  openId: string;
  nickName: string;
  avatarUrl: string;
}

export interface Message {
  /** 递增,也是翻页用的游标。 */
  id: number;
  room: string;
  /** 毫秒,UTC。 */
  time: number;
  text: string;
  from: Person;
}

export interface Store {
  savePerson(person: Person): void;
  addMessage(room: string, openId: string, text: string, time: number): Message;
  /** `before` 之前的 `limit` 条,旧的在前。 */
  history(room: string, before: number, limit: number): { messages: Message[]; more: boolean };
  lastMessage(room: string): Message | undefined;
  close(): void;
}

interface Row {
  id: number;
  room: string;
  time: number;
  text: string;
  openId: string;
  nickName: string;
  avatarUrl: string;
}

export function openStore(path: string): Store {
  const db = new DatabaseSync(path);
  db.exec(`
    pragma journal_mode = wal;
    create table if not exists person (openId text primary key, nickName text not null, avatarUrl text not null) strict;
    create table if not exists message (
      id integer primary key autoincrement, room text not null, openId text not null, time integer not null, text text not null
    ) strict;
    create index if not exists message_by_room on message (room, id);
  `);
  // 昵称和头像从 person 取,所以改了头像,旧消息也跟着变。
  const select = `select m.id, m.room, m.time, m.text, p.openId, p.nickName, p.avatarUrl
    from message m join person p on p.openId = m.openId`;
  const save = db.prepare(
    `insert into person values (?, ?, ?)
     on conflict (openId) do update set nickName = excluded.nickName, avatarUrl = excluded.avatarUrl`,
  );
  const insert = db.prepare('insert into message (room, openId, time, text) values (?, ?, ?, ?)');
  const byId = db.prepare(`${select} where m.id = ?`);
  const before = db.prepare(`${select} where m.room = ? and m.id < ? order by m.id desc limit ?`);

  return {
    savePerson: ({ openId, nickName, avatarUrl }) => void save.run(openId, nickName, avatarUrl),
    addMessage(room, openId, text, time) {
      const { lastInsertRowid } = insert.run(room, openId, time, text);
      return toMessage(byId.get(lastInsertRowid) as unknown as Row);
    },
    history(room, id, limit) {
      const rows = before.all(room, id, limit + 1) as unknown as Row[];
      return { messages: rows.slice(0, limit).reverse().map(toMessage), more: rows.length > limit };
    },
    lastMessage(room) {
      const row = before.get(room, Number.MAX_SAFE_INTEGER, 1) as Row | undefined;
      return row && toMessage(row);
    },
    close: () => db.close(),
  };
}

function toMessage({ id, room, time, text, ...from }: Row): Message {
  return { id, room, time, text, from: { openId: from.openId, nickName: from.nickName, avatarUrl: from.avatarUrl } };
}
