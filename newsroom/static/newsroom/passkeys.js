// A form with data-passkey="use" or "add" asks the browser for a passkey and posts what it says
// (W3C: “Web Authentication, Level 3”). Without JavaScript, or without passkeys, a code is typed.
for (const form of document.querySelectorAll("form[data-passkey]")) {
  const button = form.querySelector("[data-ask]");
  if (!button || !window.PublicKeyCredential?.parseCreationOptionsFromJSON) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    const problem = form.querySelector("[data-problem]");
    problem.hidden = true;
    try {
      const adding = form.dataset.passkey === "add";
      const body = new FormData();
      body.set("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
      if (adding) body.set("add", "1");
      const answer = await fetch(form.dataset.options, { method: "POST", body });
      const options = await answer.json();
      const credential = adding
        ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) })
        : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
      form.elements.passkey.value = JSON.stringify(credential.toJSON());
      form.submit();
    } catch {
      problem.hidden = false;
    }
  });
}
