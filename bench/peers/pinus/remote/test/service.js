/** What pinus calls: the question comes back. */
class Service {
  async echo(payload) {
    return payload;
  }
}
module.exports = () => new Service();
module.exports.default = () => new Service();
