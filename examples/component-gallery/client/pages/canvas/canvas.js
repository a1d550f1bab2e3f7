Page({
  data: { url: '' },
  onReady() {
    wx.createSelectorQuery()
      .select('#clock')
      .fields({ node: true, size: true })
      .select('#poster')
      .fields({ node: true, size: true })
      .exec(([clock, poster]) => {
        this.startClock(clock);
        this.drawPoster(poster);
      });
    const context = wx.createCanvasContext('old');
    context.setFillStyle('#7c5cff');
    context.fillRect(10, 10, 120, 60);
    context.setFillStyle('#fff');
    context.setFontSize(18);
    context.fillText('draw()', 40, 46);
    context.draw();
  },
  onUnload() {
    this.closed = true;
  },
  prepare({ node, width, height }) {
    const { pixelRatio } = wx.getWindowInfo();
    node.width = width * pixelRatio;
    node.height = height * pixelRatio;
    const context = node.getContext('2d');
    context.scale(pixelRatio, pixelRatio);
    return context;
  },
  startClock(target) {
    const context = this.prepare(target);
    const { node, width, height } = target;
    const hand = (turn, length, thickness, color) => {
      context.beginPath();
      context.moveTo(width / 2, height / 2);
      context.lineTo(
        width / 2 + Math.sin(turn * 2 * Math.PI) * length,
        height / 2 - Math.cos(turn * 2 * Math.PI) * length,
      );
      context.lineWidth = thickness;
      context.lineCap = 'round';
      context.strokeStyle = color;
      context.stroke();
    };
    const draw = () => {
      if (this.closed) return;
      const now = new Date();
      const seconds = now.getSeconds() + now.getMilliseconds() / 1000;
      context.clearRect(0, 0, width, height);
      context.beginPath();
      context.arc(width / 2, height / 2, 80, 0, 2 * Math.PI);
      context.fillStyle = '#f6f4ff';
      context.fill();
      context.lineWidth = 4;
      context.strokeStyle = '#7c5cff';
      context.stroke();
      hand(((now.getHours() % 12) + now.getMinutes() / 60) / 12, 42, 5, '#333');
      hand((now.getMinutes() + seconds / 60) / 60, 60, 4, '#333');
      hand(seconds / 60, 68, 2, '#e64340');
      node.requestAnimationFrame(draw);
    };
    draw();
  },
  drawPoster(target) {
    const context = this.prepare(target);
    this.poster = target.node;
    const gradient = context.createLinearGradient(0, 0, target.width, 0);
    gradient.addColorStop(0, '#07c160');
    gradient.addColorStop(1, '#10aeff');
    context.fillStyle = gradient;
    context.fillRect(0, 0, target.width, target.height);
    const image = target.node.createImage();
    image.onload = () => {
      context.drawImage(image, 16, 16, 64, 64);
      context.fillStyle = '#fff';
      context.font = '20px sans-serif';
      context.fillText('麻雀虽小', 100, 56);
    };
    image.src = '/images/bird.svg';
  },
  save() {
    this.setData({ url: this.poster.toDataURL() });
  },
});
