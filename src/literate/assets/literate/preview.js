// Put what has changed into the page that is open, where the reader is; EVENTS is an address.
(() => {
  // Under the policy of the open page, styles and scripts that are new would not work.
  const policy = 'meta[http-equiv="Content-Security-Policy"]';
  const parts = ["title", ".md-content", ".md-sidebar--secondary", ".md-header__title"];
  const source = new EventSource(EVENTS);
  let opened = false;

  // The server was away: whatever it has now is news.
  source.onopen = () => (opened ? location.reload() : (opened = true));

  source.onmessage = async (event) => {
    const { page } = JSON.parse(event.data);
    if (page === null) return location.reload();
    if (page !== decodeURI(location.pathname)) return;
    const answer = await fetch(location.href, { cache: "no-store" });
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (fresh.querySelector(policy)?.content !== document.querySelector(policy)?.content) return location.reload();
    for (const part of parts) {
      const [old, now] = [document.querySelector(part), fresh.querySelector(part)];
      if (old && now) old.innerHTML = now.innerHTML;
    }
  };
})();
