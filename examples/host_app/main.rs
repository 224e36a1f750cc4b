//! A web service around the engine, with the shipped rules: it starts, asks itself some questions, and ends.
//!
//! | request | message |
//! |---|---|
//! | `POST /{entity}` | Create |
//! | `GET /{entity}/{id}` | Retrieve |
//! | `PATCH /{entity}/{id}` | Update |
//! | `POST /{entity}/{id}/{relationship}/$ref` | Associate |
//!
//! The engine is synchronous; as an `AsyncEngine` it has threads of its own, and a handler waits for its message as
//! for anything else. Should the client hang up, the message is taken back, or else runs to its end.
//!
//! Records are in a SQLite file: `cargo run --bin host_app -- crm.db` keeps it, otherwise it goes with the program.

mod client;
mod wire;

use std::path::{Path as FilePath, PathBuf};

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use rulegate::settings::Jobs;
use rulegate::{Engine, EntityReference};
use rulegate_async::{AsyncEngine, OrganizationServiceAsync};
use rulegate_script::{Diagnostic, LoadOptions, RuleFolder};
use rulegate_sqlite::Sqlite;
use tokio::net::TcpListener;
use tokio::task::spawn_blocking;
use uuid::Uuid;

use self::wire::{Refused, from_json, to_json};

type Answer = Result<Response, Refused>;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let passing = tempfile::tempdir()?;
    let records = std::env::args_os().nth(1);
    let records = records.map_or_else(|| passing.path().join("records.db"), PathBuf::from);
    let engine = AsyncEngine::new(engine(&records)?, 4)?;
    let service = service(engine.clone());
    let server = tokio::spawn(async move { axum::serve(listener, service).await });
    let story = spawn_blocking(move || client::story(address).map_err(|it| it.to_string()));
    story.await??;
    server.abort();
    engine.close().await;
    Ok(())
}

fn engine(records: &FilePath) -> Result<Engine, Box<dyn std::error::Error>> {
    let folder = RuleFolder::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../rules"));
    let set = folder.load(&LoadOptions::default(), None);
    let set = set.map_err(|all| Diagnostic::render_all(&all, true))?;
    let builder = Engine::builder(set.catalog.clone()).store(Sqlite::open(records)?);
    let mut builder = builder.settings(|it| it.jobs = Jobs::Workers(1));
    hooks::install(&mut builder);
    let engine = builder.build()?;
    engine.reload(set.catalog, set.steps)?;
    Ok(engine)
}

fn service(engine: AsyncEngine) -> Router {
    Router::new()
        .route("/{entity}", post(create))
        .route("/{entity}/{id}", get(retrieve).patch(update))
        .route("/{entity}/{id}/{relationship}/$ref", post(associate))
        .with_state(engine)
}

async fn create(
    State(engine): State<AsyncEngine>,
    Path(entity): Path<String>,
    Json(body): Json<serde_json::Value>,
) -> Answer {
    let created = engine.create(from_json(engine.record(&entity)?, &body)?).await?;
    Ok((StatusCode::CREATED, Json(to_json(&created.into()))).into_response())
}

async fn retrieve(
    State(engine): State<AsyncEngine>,
    Path((entity, id)): Path<(String, Uuid)>,
) -> Answer {
    let record = engine.retrieve(&EntityReference::new(entity, id)).await?;
    let attributes = record.attributes().map(|(name, value)| (name.to_owned(), to_json(value)));
    Ok(Json(attributes.collect::<serde_json::Value>()).into_response())
}

async fn update(
    State(engine): State<AsyncEngine>,
    Path((entity, id)): Path<(String, Uuid)>,
    Json(body): Json<serde_json::Value>,
) -> Answer {
    let change = engine.change(&EntityReference::new(entity, id))?;
    engine.update(from_json(change, &body)?).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn associate(
    State(engine): State<AsyncEngine>,
    Path((entity, id, relationship)): Path<(String, Uuid, String)>,
    Json(body): Json<serde_json::Value>,
) -> Answer {
    let related = wire::reference(&body).ok_or_else(|| Refused::bad("name an entity and an id"))?;
    engine.associate(&EntityReference::new(entity, id), &relationship, [related]).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
