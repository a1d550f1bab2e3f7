Page({
  data: { text: '', lineCount: 0, newline: '\n' },
  lines({ detail }) {
    this.setData({ lineCount: detail.lineCount });
  },
  confirm({ detail }) {
    wx.showToast({ title: detail.value || '空', icon: 'none' });
  },
});
