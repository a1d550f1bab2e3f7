const api = require('../../utils/api');
const { timeText } = require('../../utils/time');

const STATUS_TEXT = { offline: '未连接', connecting: '连接中…', online: '在线', reconnecting: '重新连接中…' };

Page({
  data: { me: null, rooms: [], loading: true, error: '', status: 'offline', statusText: STATUS_TEXT.offline },

  onLoad() {
    const me = api.currentUser();
    if (!me) {
      wx.redirectTo({ url: '/pages/login/login' });
      return;
    }
    const { chat } = getApp();
    this.setData({ me });
    this.showStatus(chat.status);
    this.stops = [
      chat.on('status', (status) => this.showStatus(status)),
      chat.on('rooms', (rooms) => this.showRooms(rooms)),
    ];
    this.load();
  },

  onShow() {
    // 从聊天页回来：人数和最后一条消息可能变了。
    if (this.data.me && !this.data.loading) this.load();
  },

  onUnload() {
    (this.stops || []).forEach((stop) => {
      stop();
    });
  },

  async onPullDownRefresh() {
    await this.load();
    wx.stopPullDownRefresh();
  },

  async load() {
    this.setData({ error: '' });
    try {
      this.showRooms(await api.get('/rooms'));
      getApp().chat.open();
    } catch (error) {
      // 后端不认识这个人（例如数据被清空了）：请他重新登录。
      if (/未登录/.test(error.message)) this.logout();
      else this.setData({ loading: false, error: this.data.rooms.length ? '' : error.message });
    }
  },

  showStatus(status) {
    this.setData({ status, statusText: STATUS_TEXT[status] });
  },

  showRooms(rooms) {
    this.setData({
      loading: false,
      error: '',
      rooms: rooms.map((room) => ({
        ...room,
        preview: room.last ? `${room.last.nickName}:${room.last.text}` : room.about,
        time: room.last ? timeText(room.last.time) : '',
      })),
    });
  },

  enter({ currentTarget }) {
    const { id, name } = currentTarget.dataset;
    wx.navigateTo({ url: `/pages/chat/chat?room=${id}&name=${encodeURIComponent(name)}` });
  },

  reconnect() {
    getApp().chat.open();
  },

  showMenu() {
    wx.showActionSheet({
      itemList: ['退出登录'],
      success: () => this.logout(),
      fail: () => {},
    });
  },

  logout() {
    getApp().chat.close();
    api.logout();
    wx.reLaunch({ url: '/pages/login/login' });
  },
});
