const api = require('../../utils/api');

Page({
  data: { busy: false, error: '' },

  async login() {
    if (this.data.busy) return;
    this.setData({ busy: true, error: '' });
    try {
      await api.login();
      wx.reLaunch({ url: '/pages/rooms/rooms' });
    } catch (error) {
      this.setData({ busy: false, error: error.message });
    }
  },
});
