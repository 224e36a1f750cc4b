//! A client that needs no library: it asks, and prints what it hears.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};

use serde_json::{Value, json};

/// A deal, what is refused to it, and a competitor for it.
#[expect(clippy::indexing_slicing, reason = "JSON answers null where there is nothing")]
pub(super) fn story(server: SocketAddr) -> io::Result<()> {
    let acme = ask(server, "POST", "/account", &json!({ "name": "Acme" }))?;
    let deal = json!({ "name": "200 licences", "customerid": acme, "estimatedvalue": 12500.5 });
    let deal = ask(server, "POST", "/opportunity", &deal)?;
    let path = format!("/opportunity/{}", deal["id"].as_str().unwrap_or_default());

    ask(server, "PATCH", &path, &json!({ "closeprobability": 80 }))?;
    ask(server, "PATCH", &path, &json!({ "estimatedclosedate": "2001-01-01" }))?;
    ask(server, "PATCH", &path, &json!({ "closeprobability": 101 }))?;
    ask(server, "POST", "/oportunity", &json!({}))?;
    ask(server, "GET", "/account/00000000-0000-0000-0000-000000000001", &Value::Null)?;

    let rival = ask(server, "POST", "/competitor", &json!({ "name": "Globex" }))?;
    let link = format!("{path}/opportunitycompetitors_association/$ref");
    ask(server, "POST", &link, &rival)?;
    let deal = ask(server, "GET", &path, &Value::Null)?;
    println!(
        "\nrated {}, and compared: {}",
        deal["opportunityratingcode"], deal["identifycompetitors"]
    );
    Ok(())
}

/// Sends a request, prints it and its answer, and answers the body.
fn ask(server: SocketAddr, method: &str, path: &str, body: &Value) -> io::Result<Value> {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    println!("\n{method} {path} {body}");
    let mut stream = TcpStream::connect(server)?;
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: {server}\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    println!("{} {body}", head.lines().next().unwrap_or_default());
    Ok(serde_json::from_str(body).unwrap_or_default())
}
