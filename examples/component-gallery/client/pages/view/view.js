Page({
  data: { rows: Array.from({ length: 15 }, (_, index) => index), refreshing: false, into: '', x: 20, y: 20 },
  refresh() {
    this.setData({ refreshing: true });
    setTimeout(() => this.setData({ refreshing: false }), 800);
  },
  lower() {
    const { rows } = this.data;
    if (rows.length < 60) this.setData({ rows: Array.from({ length: rows.length + 10 }, (_, index) => index) });
  },
  jump() {
    this.setData({ into: 'row9' });
  },
  moved({ detail }) {
    this.setData({ x: Math.round(detail.x), y: Math.round(detail.y) });
  },
});
