const qcloud = require('wafer2-client-sdk');
const config = require('../../config');

Page({
  data: { user: null, visits: 0, busy: false, error: '' },

  onLoad() {
    const session = qcloud.Session.get();
    if (session) this.welcome(session.userinfo);
  },

  login() {
    this.setData({ busy: true, error: '' });
    qcloud.login({
      success: (user) => this.welcome(user),
      fail: (error) => this.setData({ busy: false, error: error.message || '登录失败' }),
    });
  },

  welcome(user) {
    this.setData({ user, busy: false });
    this.visit();
  },

  visit() {
    qcloud.request({
      url: `${config.host}/visit`,
      method: 'POST',
      success: ({ data }) => this.setData({ visits: data.data.visits, error: '' }),
      fail: (error) => this.setData({ error: error.message || '后端没有回答' }),
    });
  },
});
