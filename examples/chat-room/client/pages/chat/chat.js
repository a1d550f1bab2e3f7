const api = require('../../utils/api');
const { needsTime, timeText } = require('../../utils/time');

Page({
  data: {
    myId: '',
    status: 'offline',
    people: [],
    peopleShown: false,
    /** 屏幕上的消息，旧的在前；key 是消息编号，还没送到的是临时编号。 */
    messages: [],
    loading: true,
    more: false,
    draft: '',
    /** scroll-view 要滚到的元素。 */
    target: '',
    animated: false,
  },

  onLoad({ room, name }) {
    const me = api.currentUser();
    if (!me) {
      wx.reLaunch({ url: '/pages/login/login' });
      return;
    }
    const { chat } = getApp();
    this.me = me;
    this.room = room;
    wx.setNavigationBarTitle({ title: decodeURIComponent(name || '聊天') });
    this.setData({ myId: me.openId, status: chat.status });
    this.stops = [
      chat.on('status', (status) => this.onStatus(status)),
      chat.on('people', (detail) => {
        if (detail.room === room) this.setData({ people: detail.people });
      }),
      chat.on('said', (message) => {
        if (message.room === room) this.add(message);
      }),
    ];
    chat.enter(room);
    chat.open();
    this.loadNewest();
  },

  onUnload() {
    (this.stops || []).forEach((stop) => {
      stop();
    });
    getApp().chat.leave();
  },

  onStatus(status) {
    // 断线期间别人说的话，重新连上后补回来。
    const back = status === 'online' && this.data.status !== 'online' && this.data.messages.length > 0;
    this.setData({ status });
    if (back) this.loadNewest();
  },

  async loadNewest() {
    try {
      const { messages, more } = await api.get(`/rooms/${this.room}/messages`);
      const pending = this.data.messages.filter((message) => message.pending);
      this.show([...messages.map((message) => this.toItem(message)), ...pending], { loading: false, more });
      this.scrollDown(false);
    } catch (error) {
      this.setData({ loading: false });
      wx.showToast({ title: error.message, icon: 'none' });
    }
  },

  async loadOlder() {
    const first = this.data.messages.find((message) => message.id);
    if (this.data.loading || !this.data.more || !first) return;
    this.setData({ loading: true });
    try {
      const { messages, more } = await api.get(`/rooms/${this.room}/messages?before=${first.id}`);
      const older = messages.map((message) => this.toItem(message));
      // 停在原来的第一条上，不让画面跳动。
      this.show([...older, ...this.data.messages], { loading: false, more, animated: false, target: `m-${first.key}` });
    } catch (_error) {
      this.setData({ loading: false });
    }
  },

  toItem({ id, nonce, text, time, from }) {
    return { key: String(id), id, nonce, text, at: time, from, mine: from.openId === this.me.openId, pending: false };
  },

  /** 收到一条消息；是自己刚发的就替换掉那条“发送中”。 */
  add(message) {
    const item = this.toItem(message);
    const known = this.data.messages.filter((other) => other.key !== item.key && other.nonce !== message.nonce);
    // 没有 nonce 的消息（历史消息）之间不算相同。
    const rest = message.nonce ? known : this.data.messages.filter((other) => other.key !== item.key);
    const sent = rest.filter((other) => !other.pending);
    const pending = rest.filter((other) => other.pending);
    this.show([...sent, item, ...pending]);
    this.scrollDown(true);
  },

  show(messages, more = {}) {
    let previous = 0;
    const timed = messages.map((message) => {
      const time = needsTime(previous, message.at) ? timeText(message.at) : '';
      previous = message.at;
      return { ...message, time };
    });
    this.setData({ messages: timed, ...more });
  },

  scrollDown(animated) {
    // 先清空再设置，连续两次滚到同一个元素也会生效。
    this.setData({ target: '', animated });
    wx.nextTick(() => this.setData({ target: 'bottom' }));
  },

  type({ detail }) {
    this.setData({ draft: detail.value });
  },

  send() {
    const text = this.data.draft.trim();
    if (!text) return;
    const nonce = getApp().chat.say(text);
    const item = { key: nonce, nonce, text, at: Date.now(), from: this.me, mine: true, pending: true };
    this.show([...this.data.messages, item], { draft: '' });
    this.scrollDown(true);
  },

  reconnect() {
    getApp().chat.open();
  },

  showPeople() {
    this.setData({ peopleShown: true });
  },

  hidePeople() {
    this.setData({ peopleShown: false });
  },
});
