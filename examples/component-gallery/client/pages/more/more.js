Page({
  data: { show: false },
  open() {
    this.setData({ show: true });
  },
  closed() {
    this.setData({ show: false });
  },
});
