Page({
  data: {
    icons: ['success', 'success_no_circle', 'info', 'warn', 'waiting', 'cancel', 'download', 'search', 'clear'],
    html: '<h3 style="margin:0">一段 <i>HTML</i></h3><p>带有 <b>粗体</b>、<span style="color:#e64340">颜色</span> 与列表：</p><ul><li>麻雀虽小</li><li>五脏俱全</li></ul>',
    nodes: [
      { name: 'p', attrs: { style: 'color:#07c160' }, children: [{ type: 'text', text: '由节点数组组成的一段。' }] },
    ],
  },
});
