const MINUTE = 60 * 1000;

function two(number) {
  return number < 10 ? `0${number}` : String(number);
}

/** 今天只写时刻，昨天加“昨天”，更早写日期。 */
function timeText(time, now = Date.now()) {
  const date = new Date(time);
  const clock = `${two(date.getHours())}:${two(date.getMinutes())}`;
  const midnight = new Date(now).setHours(0, 0, 0, 0);
  if (time >= midnight) return clock;
  if (time >= midnight - 24 * 60 * MINUTE) return `昨天 ${clock}`;
  return `${date.getMonth() + 1}月${date.getDate()}日 ${clock}`;
}

/** 相隔五分钟以上的消息之间才显示时间。 */
function needsTime(previous, time) {
  return !previous || time - previous > 5 * MINUTE;
}

module.exports = { timeText, needsTime };
