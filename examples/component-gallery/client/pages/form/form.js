Page({
  data: { result: '' },
  submit({ detail }) {
    this.setData({ result: JSON.stringify(detail.value, null, 1) });
  },
  reset() {
    this.setData({ result: '' });
  },
});
