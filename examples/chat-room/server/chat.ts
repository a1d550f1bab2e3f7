// 谁在哪个房间，谁该收到什么。一个人可以开几个信道（几台手机）。
// Who is in which room, and who hears what. One person may have several tunnels (several phones).
import type { Message, Person, Store } from './store.ts';

export interface RoomSummary {
  id: string;
  name: string;
  about: string;
  icon: string;
  online: number;
  last?: { text: string; nickName: string; time: number };
}

export interface Chat {
  rooms(): RoomSummary[];
  connect(tunnelId: string, user: Person | undefined): Promise<void>;
  receive(tunnelId: string, type: string, content: unknown): Promise<void>;
  disconnect(tunnelId: string): Promise<void>;
}

export const ROOMS = [
  { id: 'lobby', name: '麻雀大厅', about: '先来报个到吧', icon: 'bird' },
  { id: 'mini-program', name: '小程序开发', about: '组件、接口、踩过的坑', icon: 'code' },
  { id: 'tea', name: '前端茶馆', about: '喝口茶，聊聊框架', icon: 'tea' },
  { id: 'weekend', name: '周末去哪儿', about: '爬山、露营、逛展', icon: 'tent' },
  { id: 'music', name: '单曲循环', about: '今天你在听什么', icon: 'music' },
];
const MAX_TEXT = 500;

function isRoom(id: unknown): id is string {
  return ROOMS.some((room) => room.id === id);
}

interface Seat {
  person: Person;
  room?: string;
}

export function createChat(
  store: Store,
  /** `send` 返回已经失效的信道。 */
  network: { send(tunnelIds: string[], type: string, content: unknown): Promise<string[]> },
): Chat {
  const seats = new Map<string, Seat>();

  function tunnelsIn(room: string): string[] {
    return [...seats].filter(([, seat]) => seat.room === room).map(([tunnelId]) => tunnelId);
  }

  function peopleIn(room: string): Person[] {
    const people = new Map<string, Person>();
    for (const seat of seats.values()) if (seat.room === room) people.set(seat.person.openId, seat.person);
    return [...people.values()];
  }

  async function tell(tunnelIds: string[], type: string, content: unknown): Promise<void> {
    const dead = await network.send(tunnelIds, type, content);
    for (const tunnelId of dead) await disconnect(tunnelId);
  }

  async function tellPeople(room: string): Promise<void> {
    await tell(tunnelsIn(room), 'people', { room, people: peopleIn(room) });
    // 房间列表页上的人数也要跟着变。
    const outside = [...seats].filter(([, seat]) => seat.room === undefined).map(([tunnelId]) => tunnelId);
    await tell(outside, 'rooms', rooms());
  }

  function rooms(): RoomSummary[] {
    return ROOMS.map((room) => {
      const last = store.lastMessage(room.id);
      const summary: RoomSummary = { ...room, online: peopleIn(room.id).length };
      if (last) summary.last = { text: last.text, nickName: last.from.nickName, time: last.time };
      return summary;
    });
  }

  async function move(tunnelId: string, room: string | undefined): Promise<void> {
    const seat = seats.get(tunnelId);
    if (!seat || seat.room === room) return;
    const before = seat.room;
    if (room === undefined) delete seat.room;
    else seat.room = room;
    if (before !== undefined) await tellPeople(before);
    if (room !== undefined) await tellPeople(room);
  }

  async function disconnect(tunnelId: string): Promise<void> {
    const seat = seats.get(tunnelId);
    if (!seat) return;
    seats.delete(tunnelId);
    if (seat.room !== undefined) await tellPeople(seat.room);
  }

  async function say(tunnelId: string, content: { room?: unknown; text?: unknown; nonce?: unknown }): Promise<void> {
    // 断线时排队的话，会比 enter 先到：说话也算进房间。
    if (isRoom(content.room)) await move(tunnelId, content.room);
    const seat = seats.get(tunnelId);
    const text = String(content.text ?? '')
      .trim()
      .slice(0, MAX_TEXT);
    if (!seat?.room || text === '') return;
    const message: Message = await store.addMessage(seat.room, seat.person.openId, text, Date.now());
    // nonce 让发送者认出自己的消息已经送到。
    await tell(tunnelsIn(seat.room), 'said', { ...message, nonce: content.nonce });
    const outside = [...seats].filter(([, other]) => other.room === undefined).map(([id]) => id);
    await tell(outside, 'rooms', rooms());
  }

  return {
    rooms,
    async connect(tunnelId, user) {
      if (!user) return;
      const person = { openId: user.openId, nickName: user.nickName, avatarUrl: user.avatarUrl };
      await store.savePerson(person);
      seats.set(tunnelId, { person });
      await tell([tunnelId], 'rooms', rooms());
    },
    async receive(tunnelId, type, content) {
      const data = (content ?? {}) as { room?: unknown; text?: unknown; nonce?: unknown };
      if (type === 'enter' && isRoom(data.room)) await move(tunnelId, data.room);
      else if (type === 'leave') await move(tunnelId, undefined);
      else if (type === 'say') await say(tunnelId, data);
    },
    disconnect,
  };
}
