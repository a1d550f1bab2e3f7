Page({
  data: { on: true },
  toggle({ detail }) {
    this.setData({ on: detail.value });
  },
  onShareAppMessage() {
    return { title: '组件陈列室' };
  },
});
