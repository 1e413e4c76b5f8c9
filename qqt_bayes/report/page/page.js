(()=>{const get=id=>document.getElementById(id),data=JSON.parse(get("numbers").textContent),
size=t=>parseFloat(t)*({K:1e3,M:1e6,B:1e9,T:1e12}[t.slice(-1).toUpperCase()]||1),
cell=(name,text,kind)=>{const e=document.createElement(name);e.textContent=text;if(kind)e.className=kind;return e};
const views=data.sections.map((s,i)=>{const slider=get("b"+i),show=k=>{const at=s.budgets[k];slider.value=k;
slider.setAttribute("aria-valuetext",at.label+" "+data.unit);get("o"+i).textContent=at.label;
get("v"+i).textContent=at.verdict;const chip=get("c"+i);chip.textContent=at.state;chip.className="chip "+at.state.split(" ")[0];
get("w"+i).textContent=at.warning;get("l"+i).textContent=at.label;
get("f"+i).querySelector(".cursor").setAttribute("transform","translate("+at.place+" 0)");
get("t"+i).replaceChildren(...at.rows.map(r=>{const row=document.createElement("tr"),level=s.levels[r[0]];if(r[7])row.className="chosen";
const name=cell("th",level[0]),p=cell("td","","n"),bar=cell("span","","bar");name.scope="row";bar.style.setProperty("--p",r[2]+"%");p.append(bar,cell("span",r[3],"p"));
row.append(name,cell("td",level[1]),cell("td",r[1],"n"),p,...r.slice(4,s.priced?7:6).map(x=>cell("td",x,"n")));return row}))};
get("r"+i).hidden=false;slider.oninput=()=>{show(+slider.value);history.replaceState(null,"","#budget="+s.budgets[slider.value].label)};
return{show,budgets:s.budgets}});
const jump=()=>{const asked=/^#budget=([\d.]+(e\d+)?[KMBT]?)$/i.exec(decodeURIComponent(location.hash));if(!asked)return;
const b=Math.log(size(asked[1]));views.forEach(v=>{const far=v.budgets.map(x=>Math.abs(Math.log(x.budget)-b));v.show(far.indexOf(Math.min(...far)))})};
addEventListener("hashchange",jump);jump();
let shut=[];addEventListener("beforeprint",()=>{shut=[...document.querySelectorAll("details:not([open])")];shut.forEach(d=>d.open=true)});
addEventListener("afterprint",()=>shut.forEach(d=>d.open=false))})();
